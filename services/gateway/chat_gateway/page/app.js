import { Chat } from "./chat.js";
import { choose, Rotation } from "./state/addresses.js";
import { hashOf, initial, look, roomOf, tokenOf } from "./state/names.js";
import { Composer } from "./view/composer.js";
import { askName, RoomDialogs } from "./view/dialogs.js";
import { get, setText } from "./view/dom.js";
import { Drawers } from "./view/drawers.js";
import { Log } from "./view/log.js";
import { People } from "./view/people.js";
import { Rooms } from "./view/rooms.js";
import { SignIn } from "./view/sign_in.js";
import { Status } from "./view/status.js";
import { themeButton } from "./view/theme.js";
import { toast } from "./view/toasts.js";

const TRANSPORTS = ["websocket", "polling"];

const here = new URL(".", document.baseURI);
const query = new URLSearchParams(location.search);

/** The addresses that were served with the page, if any. */
async function served() {
  try {
    return await (await fetch("page/gateways.json")).json();
  } catch {
    return [];
  }
}

function transports() {
  const named = (query.get("transports") ?? "").split(",").filter((name) => TRANSPORTS.includes(name));
  return named.length ? named : TRANSPORTS;
}

// Hidden pages are given no animation frames, but their title still counts what is unread.
let planned = false;
function plan(render) {
  if (planned) return;
  planned = true;
  const run = () => {
    planned = false;
    render();
  };
  if (document.hidden) setTimeout(run, 250);
  else requestAnimationFrame(run);
}

function frame(chat) {
  const { conversation, nickname } = chat;
  const unread = [...chat.conversations.values()].reduce((sum, one) => sum + chat.unread(one), 0);
  document.title = `${unread ? `(${unread > 99 ? "99+" : unread}) ` : ""}${conversation.title} · chatcluster`;
  setText(get("room-name"), conversation.title);
  setText(get("my-name"), nickname || "Unnamed");
  setText(get("me-about"), signedIn(chat) ? "Sign in again" : "Change name");
  setText(get("my-avatar"), initial(nickname || "Unnamed"));
  get("my-avatar").style.setProperty("--hue", look(nickname || "Unnamed").hue);
}

const signedIn = ({ connection }) => connection.pass.name !== null || connection.phase === "locked";

/** The token of the page's address, which then is without it: it is not for the history, or for passing on. */
function takeToken() {
  const token = tokenOf(location.hash);
  if (token) history.replaceState(null, "", hashOf(roomOf(location.hash)));
  return token;
}

async function start() {
  const own = here.origin + here.pathname;
  const rotation = new Rotation(choose(location.search, await served(), own));
  const parts = [];
  const render = () => {
    if (!document.hidden) chat.markRead();
    frame(chat);
    for (const part of parts) part.render();
    // Left or removed: the address follows.
    if (roomOf(location.hash) !== chat.current) history.replaceState(null, "", hashOf(chat.current));
  };
  const changed = () => plan(render);
  const chat = new Chat({ rotation, transports: transports(), changed, problem: toast });

  const log = new Log(chat);
  const composer = new Composer(chat, () => log.toEnd());
  const signIn = new SignIn(chat);
  parts.push(new Rooms(chat), new People(chat), new Status(chat), log, composer, signIn);
  const token = takeToken();
  if (token) chat.connection.pass.take(token);
  wire(chat, composer, signIn);
  chat.open(roomOf(location.hash));
  if (chat.nickname === null && !chat.connection.pass.token) chat.rename(await askName(null));
  chat.start();
  composer.invite();
}

function wire(chat, composer, signIn) {
  const drawers = new Drawers();
  const openRoom = (room) => {
    if (room !== roomOf(location.hash)) history.pushState(null, "", hashOf(room));
    chat.open(room);
    drawers.close();
    composer.invite();
  };
  const dialogs = new RoomDialogs(chat, openRoom);
  themeButton();
  addEventListener("hashchange", () => {
    const token = takeToken();
    if (token) chat.connection.show(token).catch((error) => toast(error.message));
    openRoom(roomOf(location.hash));
  });
  get("rooms").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    openRoom(roomOf(link.hash));
  });
  get("skip").addEventListener("click", (event) => {
    event.preventDefault();
    composer.focus();
  });
  get("create-room").addEventListener("click", () => dialogs.create());
  get("remove-room").addEventListener("click", () => dialogs.remove(chat.current));
  get("leave-room").addEventListener("click", () => {
    drawers.close();
    chat.leave(chat.current);
  });
  get("rename").addEventListener("click", async () => {
    if (signedIn(chat)) return signIn.open("Your name comes with your token. With a new one you stay longer.");
    const name = await askName(chat.nickname);
    if (name !== chat.nickname) chat.rename(name);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) chat.connection.hurry();
  });
}

start();
