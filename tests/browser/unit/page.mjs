// Where the page's modules are.
const page = new URL("../../../services/gateway/chat_gateway/page/", import.meta.url);

export const load = (name) => import(new URL(name, page));
