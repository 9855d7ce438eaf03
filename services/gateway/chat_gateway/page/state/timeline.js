import { isPosition, Order } from "./position.js";

/**
 * One room's messages: each once, in the order of their positions.
 *
 * Between a (re)connect and the reply to `join`, live messages are held: only when what was missed is
 * in may `last` move on, or a second break in that moment would leave a hole.
 */
export class Timeline {
  #messages = [];
  #ids = new Set();
  #order = new Order();
  #held = [];
  #holding = true;
  #unnumbered = 0;
  /** By id, the text that somebody who moderates gave it; null for what is to be shown no more. */
  #moderated = new Map();

  /** Everything up to this position has been seen; what `join` is told as `after`. */
  last = null;
  /** Nothing older exists. */
  complete = false;
  /** Holes: the id of the last message before each → "open" (loadable) or "lost". */
  gaps = new Map();

  get messages() {
    return this.#messages;
  }

  get oldest() {
    return this.#messages.find((message) => !message.unnumbered)?.id ?? null;
  }

  get newest() {
    return this.#messages.at(-1)?.id ?? null;
  }

  /** Whether the message is shown, or was deleted. */
  has(id) {
    return this.#ids.has(id) || this.#moderated.get(id) === null;
  }

  compare(a, b) {
    return this.#order.compare(a, b);
  }

  /** Hold live messages until `caughtUp` (or `release`); those held so far will come again. */
  hold() {
    this.#held = [];
    this.#holding = true;
  }

  /** Show what is held although nothing older can be had. */
  release() {
    const held = this.#held;
    this.#held = [];
    this.#holding = false;
    return held.map((message) => this.live(message)).filter(Boolean);
  }

  /** A `chat message` event; gives the message as it is shown, or null when it is not new. */
  live(message) {
    if (this.#holding) {
      this.#held.push(message);
      return null;
    }
    const fresh = this.#put(message);
    this.#advance(message.id);
    return fresh;
  }

  /** A `moderated` event; it may come before its message. */
  moderated({ id, message = null }) {
    this.#moderated.set(id, message);
    const at = this.#indexOf(id);
    if (at < 0) return;
    if (message !== null) this.#messages[at] = masked(this.#messages[at], message);
    else this.#remove(at);
  }

  /** The reply to `join`; gives the messages that are new. */
  caughtUp({ messages = [], complete = true, position = null, deleted = [] }) {
    for (const id of deleted) this.moderated({ id });
    const before = this.newest;
    const fresh = messages.map((message) => this.#put(message)).filter(Boolean);
    if (!complete && position && this.last !== null && before !== null) this.gaps.set(before, "open");
    for (const message of messages) this.#advance(message.id);
    this.#advance(position);
    return [...fresh, ...this.release()];
  }

  /** The reply to `history` before the oldest message. */
  older({ messages = [], complete = false }) {
    const fresh = messages.filter((message) => this.#put(message));
    this.complete = complete || fresh.length === 0;
  }

  /** The id before which `history` is to be asked in order to fill the hole after `id`. */
  gapEnd(id) {
    return this.#messages[this.#indexOf(id) + 1]?.id ?? null;
  }

  /** The reply to `history` before the end of the hole after `id`. */
  fill(id, { messages = [], complete = false }) {
    const reached = messages.some((message) => this.#order.compare(message.id, id) <= 0);
    const fresh = messages.filter((message) => this.#put(message));
    if (reached) this.gaps.delete(id);
    else if (complete || fresh.length === 0) this.gaps.set(id, "lost");
  }

  /** Forget the oldest messages; they can be asked for again. */
  trim(limit) {
    const surplus = this.#messages.splice(0, Math.max(0, this.#messages.length - limit));
    for (const { id } of surplus) {
      this.#ids.delete(id);
      this.gaps.delete(id);
    }
    if (surplus.length) this.complete = false;
  }

  /** How many messages came after `id`, at most `limit`; those for which `skip` is true do not count. */
  countAfter(id, skip = () => false, limit = 100) {
    let count = 0;
    for (let at = this.#messages.length - 1; at >= 0 && count < limit; at--) {
      const message = this.#messages[at];
      if (message.id === id) break;
      if (isPosition(id) && !this.#comesAfter(message, id)) break;
      if (!skip(message)) count++;
    }
    return count;
  }

  #put(given) {
    const text = this.#moderated.get(given.id);
    if (text === null || this.#ids.has(given.id)) return null;
    const message = text === undefined ? given : masked(given, text);
    if (!isPosition(message.id)) return this.#append(message);
    this.#order.meet(message.id);
    this.#ids.add(message.id);
    this.#messages.splice(this.#indexAfter(message.id), 0, message);
    return message;
  }

  // A hole after it is then after the one before.
  #remove(at) {
    const [{ id }] = this.#messages.splice(at, 1);
    this.#ids.delete(id);
    const gap = this.gaps.get(id);
    if (gap === undefined) return;
    this.gaps.delete(id);
    if (at > 0) this.gaps.set(this.#messages[at - 1].id, gap);
    else this.complete = false;
  }

  // A chat without history does not number its messages: they stay in the order in which they came.
  #append({ id = `unnumbered ${++this.#unnumbered}`, ...rest }) {
    const message = { ...rest, id, unnumbered: true };
    this.#ids.add(id);
    this.#messages.push(message);
    return message;
  }

  #advance(id) {
    if (!isPosition(id)) return;
    this.#order.meet(id);
    if (this.last === null || this.#order.compare(id, this.last) > 0) this.last = id;
  }

  // Nearly always the end: searched from there.
  #indexAfter(id) {
    let at = this.#messages.length;
    while (at > 0 && this.#comesAfter(this.#messages[at - 1], id)) at--;
    return at;
  }

  #comesAfter(message, id) {
    return !message.unnumbered && this.#order.compare(message.id, id) > 0;
  }

  #indexOf(id) {
    return this.#messages.findIndex((message) => message.id === id);
  }
}

function masked(message, text) {
  return { ...message, message: text, masked: text };
}
