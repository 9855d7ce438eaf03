import { el, get } from "./dom.js";

const STAYS = 7000;

/** Tell the user something that needs no answer. */
export function toast(text) {
  const note = el("p", { class: "toast" }, text);
  get("toasts").append(note);
  setTimeout(() => note.remove(), STAYS);
}
