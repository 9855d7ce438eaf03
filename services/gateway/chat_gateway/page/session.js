import { ask, Refusal } from "./connection.js";

const AGAIN = 2000; // milliseconds until a `join` that could not be answered is sent again
const RECOUNT = 1500; // … until a list of people that does not add up is asked for again
/** Refusals of those who may not be in a room. */
const KEPT_OUT = new Set(["forbidden", "banned", "room_closed"]);
const FOR_GOOD = new Set(["invalid", "too_long", "too_many_rooms", "no_history", "unknown_event", ...KEPT_OUT]);

/**
 * What the page and its gateway say to each other about the rooms that the user is in: joining (again),
 * catching up, and the events that follow.
 *
 * `host`: conversations (Map by room), nickname, sender, shown(conversation, messages), closed(room, why),
 * problem(text), changed().
 */
export class Session {
  #host;
  #link = null;
  #id = null;
  #recounting = new Set();
  #gateway = null;

  constructor(host) {
    this.#host = host;
  }

  get connected() {
    return this.#link !== null;
  }

  /** Our own id among a room's members, as far as it is known. */
  get self() {
    return this.#id ?? this.#guess()?.id ?? null;
  }

  /** The name of the gateway that we are connected to, as far as it is known. */
  get gateway() {
    return this.#gateway ?? this.#guess()?.dyno ?? null;
  }

  up(link) {
    this.#link = link;
    this.#id = null;
    this.#gateway = null;
    this.#host.sender.up(link);
    for (const conversation of this.#host.conversations.values()) this.join(conversation);
  }

  down() {
    this.#link = null;
    this.#id = null;
    this.#gateway = null;
    this.#host.sender.down();
    for (const conversation of this.#host.conversations.values()) conversation.broken();
  }

  /** Get into the room, or tell it our new name; what was missed comes with the reply. */
  async join(conversation) {
    const link = this.#link;
    if (!link) return;
    const { room, timeline } = conversation;
    const data = { ...of(room), nickname: this.#host.nickname };
    if (timeline.last !== null) data.after = timeline.last;
    try {
      const reply = await ask(link.chat, "join", data);
      if (this.#isStill(link, conversation)) this.#joined(conversation, reply);
    } catch (error) {
      if (this.#isStill(link, conversation)) this.#notJoined(conversation, error);
    }
  }

  #joined(conversation, reply) {
    const { room } = conversation;
    this.#host.shown(conversation, conversation.joined(reply));
    this.#id ??= reply.id ?? null;
    this.#gateway ??= reply.dyno ?? null;
    this.#host.sender.pump(room);
    this.#host.changed();
  }

  // A gateway that does not say who we are: whoever alone has our name among those in the lobby.
  #guess() {
    const lobby = this.#host.conversations.get("");
    return lobby.people.get(this.#id) ?? lobby.people.named(this.#host.nickname || "Unnamed");
  }

  #notJoined(conversation, error) {
    if (error instanceof Refusal && FOR_GOOD.has(error.code)) {
      this.#host.shown(conversation, conversation.refused(error));
      // The lobby needs no `join`: everybody is in it who may.
      if (conversation.room === "" && !KEPT_OUT.has(error.code)) {
        conversation.phase = "live";
        this.#host.sender.pump("");
      }
    } else {
      const link = this.#link;
      setTimeout(() => this.#isStill(link, conversation) && this.join(conversation), AGAIN);
    }
    this.#host.changed();
  }

  leave(room) {
    this.#link?.chat.emit("leave", of(room));
  }

  typing(room, typing) {
    if (typing === null || !this.#link?.chat.connected) return;
    this.#link.chat.volatile.emit("typing", { ...of(room), typing, nickname: this.#host.nickname });
  }

  /** Older messages, before `before`; calls `put` with the reply. */
  async history(conversation, before, put) {
    const link = this.#link;
    if (!link || !conversation.mayLoad(Date.now())) return;
    conversation.loading = true;
    this.#host.changed();
    try {
      const reply = await ask(link.chat, "history", { ...of(conversation.room), before, limit: 50 });
      put(reply);
    } catch (error) {
      if (error.code === "no_history") put({ messages: [], complete: true });
      else conversation.loadingFailed(Date.now());
    }
    conversation.loading = false;
    this.#host.changed();
  }

  event(name, data) {
    const conversation = this.#host.conversations.get(data?.room ?? "");
    if (name === "closed" && !data.room) conversation.refused({ message: data.message ?? "you may not read the lobby any more" });
    else if (name === "closed") this.#host.closed(data.room, data);
    else if (name === "refused") this.#host.problem(data.error?.message ?? "Refused");
    else if (conversation) this.#about(conversation, name, data);
    this.#host.changed();
  }

  #about(conversation, name, data) {
    if (name === "chat message") {
      const shown = conversation.timeline.live(data);
      if (shown) this.#host.shown(conversation, [shown]);
    } else if (name === "moderated") {
      conversation.timeline.moderated(data);
    } else if (name === "typing") {
      conversation.typists.note(data, Date.now());
    } else if (name === "presence" && conversation.phase === "live") {
      conversation.people.apply(data);
      for (const id of data.left ?? []) conversation.typists.forget(id);
      if (conversation.people.doubtful) this.#recount(conversation);
    }
  }

  async #recount(conversation) {
    if (this.#recounting.has(conversation.room)) return;
    this.#recounting.add(conversation.room);
    await new Promise((resolve) => setTimeout(resolve, RECOUNT));
    this.#recounting.delete(conversation.room);
    const link = this.#link;
    if (!conversation.people.doubtful || !this.#isStill(link, conversation)) return;
    const reply = await ask(link.chat, "presence", of(conversation.room)).catch(() => null);
    if (reply && this.#isStill(link, conversation)) conversation.people.replace(reply);
    this.#host.changed();
  }

  #isStill(link, conversation) {
    const { room } = conversation;
    return link !== null && this.#link === link && this.#host.conversations.get(room) === conversation;
  }
}

function of(room) {
  return room === "" ? {} : { room };
}
