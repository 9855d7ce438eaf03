import { ask, Connection, Refusal } from "./connection.js";
import { Sender } from "./sender.js";
import { Session } from "./session.js";
import { Conversation } from "./state/conversation.js";
import { newKey } from "./state/names.js";
import { Outbox } from "./state/outbox.js";
import { Pass } from "./state/pass.js";
import { load, ofThisTab, save } from "./storage.js";

const OWN_KEPT = 500;

/** Everything that the page shows, and everything that the user can do. It knows nothing of the DOM. */
export class Chat {
  /** Room → Conversation; the lobby ("") is always there and always first. */
  conversations = new Map();
  /** The list of `/room`: `[{name, created}]`; null until it came. */
  directory = null;
  nickname = load("nickname", null);
  current = "";
  outbox = new Outbox(load("outbox", [], ofThisTab));
  #own = new Set(load("own", []));
  #read = load("read", {});
  #removing = new Set();
  #link = null;
  #outboxKept = true;
  #changed;
  #problem;

  /** `changed()` after every change; `problem(text)` for what the user should be told. */
  constructor({ rotation, transports, changed, problem }) {
    this.#changed = changed;
    this.#problem = problem;
    this.sender = new Sender(this.outbox, {
      stored: (entry, id) => this.#stored(entry, id),
      changed: () => this.changed(),
      isLive: (room) => this.conversations.get(room)?.phase === "live",
    });
    this.session = new Session(this);
    this.connection = new Connection({
      rotation,
      transports,
      // The lobby too is to begin with what was missed.
      auth: () => ({ nickname: this.nickname ?? "", lobby: "join" }),
      pass: new Pass(load("token", null, ofThisTab), (token) => save("token", token, ofThisTab)),
      handlers: this.#handlers(),
    });
    for (const room of ["", ...load("rooms", [])]) this.#begin(room);
  }

  start() {
    this.connection.start();
  }

  get conversation() {
    return this.conversations.get(this.current);
  }

  get gatewayName() {
    return this.session.gateway ?? new URL(this.connection.address).host;
  }

  isOwn = (id) => this.#own.has(id);

  unread(conversation) {
    return conversation.unread((id) => this.isOwn(id) || this.outbox.claims(id));
  }

  // --- what the user does

  open(room) {
    this.stopTyping();
    this.current = room;
    if (!this.conversations.has(room)) this.session.join(this.#begin(room));
    this.#keepRooms();
    this.changed();
  }

  leave(room) {
    this.session.leave(room);
    this.#end(room);
  }

  /** Throws when the name is refused. */
  async create(name) {
    const { name: room } = await this.#directoryAsk("create", name);
    return room;
  }

  async remove(name) {
    this.#removing.add(name);
    try {
      await this.#directoryAsk("remove", name);
      this.#end(name);
    } finally {
      this.#removing.delete(name);
    }
  }

  rename(nickname) {
    this.nickname = nickname;
    save("nickname", nickname);
    for (const conversation of this.conversations.values()) this.session.join(conversation);
    this.changed();
  }

  say(text) {
    this.stopTyping();
    const { current: room, nickname } = this;
    this.outbox.add({ key: newKey(), room, nickname, text, created: Date.now() / 1000 });
    this.sender.pump(room);
    this.changed();
  }

  retry(key) {
    this.outbox.retry(key);
    this.sender.pump(this.current);
    this.changed();
  }

  discard(key) {
    this.outbox.discard(key);
    this.sender.pump(this.current);
    this.changed();
  }

  loadOlder() {
    const { conversation } = this;
    const { timeline } = conversation;
    if (timeline.complete || timeline.oldest === null) return;
    this.session.history(conversation, timeline.oldest, (reply) => timeline.older(reply));
  }

  fillGap(after) {
    const { conversation } = this;
    const { timeline } = conversation;
    this.session.history(conversation, timeline.gapEnd(after), (reply) => timeline.fill(after, reply));
  }

  typing(draft) {
    const { conversation } = this;
    this.session.typing(this.current, conversation.signal.changed(draft, Date.now()));
  }

  stopTyping() {
    this.session.typing(this.current, this.conversation.signal.stopped());
  }

  /** The user has seen the room that is open. */
  markRead() {
    const { conversation } = this;
    if (!conversation.read()) return;
    this.#read[conversation.room] = conversation.readId;
    save("read", this.#read);
  }

  // --- what the session asks of its host

  shown(conversation, messages) {
    for (const message of messages) this.outbox.saw(message);
    if (conversation !== this.conversation) conversation.trim();
  }

  closed(room, { code, message }) {
    if (!this.conversations.has(room)) return;
    this.#end(room);
    if (message) this.problem(`“${room}”: ${message}`);
    else if (code) this.problem(`You may not be in the room “${room}” any more.`);
    else if (!this.#removing.has(room)) this.problem(`The room “${room}” was removed.`);
  }

  problem(text) {
    this.#problem(text);
  }

  changed() {
    const unsent = this.outbox.toJSON();
    if (unsent.length || this.#outboxKept) save("outbox", unsent, ofThisTab);
    this.#outboxKept = unsent.length > 0;
    this.#changed();
  }

  // --- within

  #handlers() {
    return {
      up: (link) => {
        this.#link = link;
        this.session.up(link);
      },
      down: () => {
        this.#link = null;
        this.session.down();
      },
      changed: () => this.changed(),
      named: (name) => (this.nickname = name),
      expiring: (seconds) => this.problem(`Your token expires in ${Math.round(seconds)} seconds: sign in again to stay.`),
      directoryUp: (link) => link.directory.emit("list"),
      event: (namespace, name, data) => {
        if (namespace === "/") this.session.event(name, data);
        else if (name === "item") this.#listed(data);
      },
    };
  }

  #listed(rooms) {
    this.directory = rooms;
    this.changed();
  }

  async #directoryAsk(event, name) {
    if (!this.#link) throw new Refusal({ code: "offline", message: "Not connected just now." });
    return ask(this.#link.directory, event, name);
  }

  // A chat that numbers nothing gives no id; then it is the one by which the event was recognised.
  #stored(entry, given) {
    const id = given ?? entry.seen;
    if (!id) return;
    this.#remember(id);
    if (this.conversations.get(entry.room)?.timeline.has(id)) this.outbox.discard(entry.key);
  }

  #remember(id) {
    this.#own.add(id);
    save("own", [...this.#own].slice(-OWN_KEPT));
  }

  #begin(room) {
    const conversation = new Conversation(room, this.#read[room] ?? null);
    this.conversations.set(room, conversation);
    return conversation;
  }

  #end(room) {
    if (room === "" || !this.conversations.delete(room)) return;
    this.outbox.dropRoom(room);
    delete this.#read[room];
    save("read", this.#read);
    if (this.current === room) this.current = "";
    this.#keepRooms();
    this.changed();
  }

  #keepRooms() {
    save("rooms", [...this.conversations.keys()].filter(Boolean));
  }
}
