import { explain } from "../state/pass.js";
import { el, gateway, get, setText } from "./dom.js";

const TRANSPORTS = { websocket: "WebSocket", polling: "polling", webtransport: "WebTransport" };
const GRACE = 1200; // milliseconds without a connection before a banner says so

/** Whether, where and how we are connected. */
export class Status {
  #chat;
  #drawn = null;
  #since = null;

  constructor(chat) {
    this.#chat = chat;
    get("come-back").addEventListener("click", () => chat.connection.comeBack());
  }

  render() {
    const { connection, gatewayName } = this.#chat;
    const { phase, transport, address } = connection;
    const trying = phase === "connecting" || phase === "reconnecting";
    const state = trying && !navigator.onLine ? "offline" : phase;
    this.#banner(state);
    const drawn = JSON.stringify([state, gatewayName, transport, phase === "connected" || address]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const pill = get("status");
    pill.dataset.state = state;
    pill.replaceChildren(...pillOf(state, gatewayName, transport, address));
  }

  #banner(state) {
    const banner = get("banner");
    if (state === "connected" || state === "idle") {
      this.#since = null;
      banner.hidden = true;
      return;
    }
    this.#since ??= Date.now();
    const left = this.#since + GRACE - Date.now();
    if (left > 0) {
      setTimeout(() => this.#chat.changed(), left + 10);
      return;
    }
    const { reason, pass } = this.#chat.connection;
    const text = get("banner-text");
    if (state === "locked") setText(text, `You are not signed in. ${explain(pass.refusal)}`);
    else setText(text, `${bannerOf(state)}${reason ? ` (The gateway says: ${reason})` : ""}`);
    get("come-back").hidden = state !== "out";
    banner.hidden = false;
  }
}

function pillOf(state, name, transport, address) {
  if (state === "connected") {
    const how = TRANSPORTS[transport] ?? transport ?? "";
    return [
      el("span", { class: "sr" }, "Connected to "),
      gateway(name),
      el("span", { class: "sr" }, " over "),
      el("span", { class: "how" }, how),
    ];
  }
  if (state === "locked") return ["Not signed in"];
  if (state === "idle") return ["Not connected yet"];
  if (state === "out") return ["Put out"];
  const words = { connecting: "Connecting…", reconnecting: "Reconnecting…", offline: "Offline" }[state];
  const where = el("span", { class: "how" }, new URL(address).host);
  return [el("span", { class: "pulse", "aria-hidden": "true" }), el("span", {}, words), where];
}

function bannerOf(state) {
  if (state === "offline") return "This device is offline. What you write is sent when it is back.";
  if (state === "out") return "You are not in this chat any more: somebody who looks after it has decided so.";
  if (state === "connecting") return "No gateway answers yet. Still trying.";
  return "The connection broke. What you write is sent as soon as it is back.";
}
