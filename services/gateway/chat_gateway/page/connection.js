import { endpoint } from "./state/addresses.js";
import { Manager } from "./vendor/socket.io.esm.min.js";

const OPENING = 6000; // milliseconds until an address that does not answer counts as failed
const DIRECTORY_AGAIN = 3000;
const MOVED = [3001, 3002]; // draining, rebalancing
const PUT_OUT = new Set(["banned", "kicked"]);

/**
 * One connection to one of several gateways, kept alive: when it breaks, the same address is tried once,
 * then the next ones, with growing delays. `auth()` gives what the handshake holds; `handlers`: up(link), down(), changed(), event(namespace,
 * name, data), directoryUp(), named(name), expiring(seconds). `pass` is what it shows of the user; refused for that, it waits
 * until there is another (`show`); put out by somebody who moderates the chat, until the user wants to `comeBack`.
 */
export class Connection {
  #rotation;
  #transports;
  #handlers;
  #auth;
  #link = null;
  #timer = null;

  /** "idle" (not begun) | "connecting" (never was connected) | "connected" | "reconnecting" | "locked" (a token is needed) | "out" */
  phase = "idle";
  /** Why the last attempt failed, or the connection ended, if the gateway said so. */
  reason = null;

  constructor({ rotation, transports, auth, pass, handlers }) {
    this.pass = pass;
    this.#rotation = rotation;
    this.#transports = transports;
    this.#auth = auth;
    this.#handlers = handlers;
  }

  get address() {
    return this.#rotation.current;
  }

  /** "websocket", "polling" …; null while not connected. */
  get transport() {
    return this.phase === "connected" ? this.#link.manager.engine?.transport?.name : null;
  }

  start() {
    this.phase = "connecting";
    this.#open();
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.#handlers.changed());
  }

  /** Try now instead of waiting for the next turn. */
  hurry() {
    if (this.#timer !== null) this.#open();
    this.#handlers.changed();
  }

  /** Try to get in again, although put out. */
  comeBack() {
    if (this.phase === "out") this.#open();
  }

  /** Come in, or stay, with this token. Throws a Refusal when it is no good to stay with. */
  async show(token) {
    if (this.phase === "connected") {
      this.#accepted(await ask(this.#link.chat, "auth", { token }));
      this.pass.take(token);
    } else {
      this.pass.take(token);
      if (this.phase !== "idle") this.#open();
    }
    this.#handlers.changed();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.phase === "locked" || this.phase === "out") this.phase = "connecting";
    const { origin, path } = endpoint(this.address);
    const manager = new Manager(origin, {
      path,
      transports: this.#transports,
      tryAllTransports: true,
      reconnection: false,
      autoConnect: false,
      timeout: OPENING,
    });
    const chat = manager.socket("/", { auth: { ...this.#auth(), ...this.pass.auth } });
    const link = { manager, chat, directory: manager.socket("/room") };
    this.#link = link;
    this.#listen(link);
    chat.connect();
    link.directory.connect();
    this.#handlers.changed();
  }

  #listen(link) {
    const { chat, directory } = link;
    const current = (act) => (...args) => {
      if (this.#link === link) act(...args);
    };
    chat.on("connect", current(() => this.#connected(link)));
    chat.on("connect_error", current((error) => this.#failed(error)));
    chat.on("disconnect", current((reason, details) => this.#broken(reason, details)));
    chat.on("identity", current((identity) => this.#accepted(identity)));
    chat.on("expiring", current(({ seconds }) => this.#handlers.expiring(seconds)));
    chat.on("refused", current((refused) => this.#refused(refused)));
    chat.onAny(current((name, data) => this.#handlers.event("/", name, data)));
    directory.on("connect", current(() => this.#handlers.directoryUp(link)));
    directory.on("connect_error", current(() => this.#directoryAgain(link)));
    directory.onAny(current((name, data) => this.#handlers.event("/room", name, data)));
  }

  #connected(link) {
    this.#rotation.connected();
    this.phase = "connected";
    this.reason = null;
    link.manager.engine.on("upgrade", () => this.#handlers.changed());
    this.#handlers.up(link);
    this.#handlers.changed();
  }

  #accepted(identity) {
    this.pass.accepted(identity);
    if (identity.name) this.#handlers.named(identity.name);
  }

  #failed(error) {
    if (this.pass.refused(error?.data)) {
      this.phase = "locked";
      this.#leave();
      return this.#handlers.changed();
    }
    this.reason = error?.data?.message ?? null;
    if (PUT_OUT.has(error?.data?.code)) return this.#out();
    this.#rotation.failed();
    this.#again();
  }

  // Said before the disconnect, after which we would come back.
  #refused({ event, error }) {
    if (event !== "connect" || !PUT_OUT.has(error?.code)) return;
    this.reason = error.message ?? null;
    this.#handlers.down();
    this.#out();
  }

  #out() {
    this.phase = "out";
    this.#leave();
    this.#handlers.changed();
  }

  #broken(reason, details) {
    const gone = reason === "ping timeout" || MOVED.includes(details?.context?.code);
    if (gone) this.#rotation.next();
    this.phase = "reconnecting";
    this.#handlers.down();
    this.#again();
  }

  #leave() {
    const link = this.#link;
    this.#link = null;
    link.directory.disconnect();
    link.chat.disconnect();
  }

  #again() {
    this.#leave();
    this.#timer = setTimeout(() => this.#open(), this.#rotation.delay(Math.random()));
    this.#handlers.changed();
  }

  #directoryAgain(link) {
    if (!link.chat.connected) return;
    setTimeout(() => this.#link === link && link.directory.connect(), DIRECTORY_AGAIN);
  }
}

/** Sends an event and gives what it is acknowledged with; throws a Refusal for `{error}`. */
export async function ask(socket, event, data, timeout = 10000) {
  const reply = await socket.timeout(timeout).emitWithAck(event, data);
  if (reply?.error) throw new Refusal(reply.error);
  return reply ?? {};
}

export class Refusal extends Error {
  constructor({ code, message }) {
    super(message || code);
    this.code = code;
  }
}
