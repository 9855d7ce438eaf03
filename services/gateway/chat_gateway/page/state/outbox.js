/**
 * What the user has said and the chat has not yet shown. One message per room is on its way at a time,
 * so that they are stored in the order in which they were written, whatever breaks in between.
 *
 * An entry is `queued` → `sent` → `stored` (acknowledged, its event still to come) → gone;
 * or `later` (the server could not take it now), or `refused` (it never will).
 */
const COME_BACK = new Set([
  "draining",
  "slow",
  "gateway_full",
  "address_full",
  "user_full",
  "gateway_busy",
  "unavailable",
  "internal",
  "too_fast",
]);
const DELAYS = [1000, 2000, 4000, 8000, 15000, 30000];

export class Outbox {
  #entries;

  constructor(entries = []) {
    this.#entries = entries.map((entry) => ({ ...entry, state: unsent(entry.state) }));
  }

  add({ key, room, nickname, text, created }) {
    const entry = { key, room, nickname, text, created, state: "queued", attempts: 0 };
    this.#entries.push(entry);
    return entry;
  }

  /** The entries to show below a room's messages. */
  visible(room, isShown) {
    return this.#entries.filter(
      (entry) => entry.room === room && !entry.seen && !(entry.id && isShown(entry.id)),
    );
  }

  /** The next one to send now, marked as sent; null when there is none, or one is on its way. */
  next(room, now) {
    const first = this.#lane(room)[0];
    if (!first || first.state === "sent") return null;
    if (first.state === "later" && first.due > now) return null;
    first.state = "sent";
    first.tried = true;
    return first;
  }

  /** When `next` is worth asking again; null when time changes nothing. */
  due(room) {
    const first = this.#lane(room)[0];
    return first?.state === "later" ? first.due : null;
  }

  acknowledged(key, id) {
    const entry = this.#find(key);
    if (!entry) return;
    // What looked like this entry's own event was somebody else's, or it is here already.
    if (!id || entry.seen === id) this.discard(key);
    else Object.assign(entry, { state: "stored", id, seen: null });
  }

  failed(key, error, now) {
    const entry = this.#find(key);
    if (!entry) return;
    entry.error = { code: error.code, message: error.message };
    if (!COME_BACK.has(error.code)) {
      entry.state = "refused";
      return;
    }
    entry.state = "later";
    entry.due = now + DELAYS[Math.min(entry.attempts, DELAYS.length - 1)];
    entry.attempts += 1;
  }

  /** No answer: unknown whether it was stored, so it goes again with the same key. */
  unanswered(key) {
    const entry = this.#find(key);
    if (entry?.state === "sent") entry.state = "queued";
  }

  /** The connection broke. */
  broken() {
    for (const entry of this.#entries) {
      if (entry.state === "sent" || entry.state === "later") entry.state = "queued";
    }
  }

  /**
   * A message came in. The event may overtake the acknowledgement that names its id, so an entry that
   * was sent and has the same words counts as seen until the acknowledgement says otherwise.
   */
  saw(message) {
    const room = message.room ?? "";
    const stored = this.#entries.find((entry) => entry.id === message.id);
    if (stored) {
      this.discard(stored.key);
      return;
    }
    const entry = this.#lane(room)[0];
    if (!entry?.tried || entry.seen) return;
    if (entry.text === message.message && (entry.nickname || "Unnamed") === message.nick) {
      entry.seen = message.id;
    }
  }

  /** Whether the message of this id is one of ours whose acknowledgement is still to come. */
  claims(id) {
    return this.#entries.some((entry) => entry.seen === id || entry.id === id);
  }

  retry(key) {
    const entry = this.#find(key);
    if (entry) Object.assign(entry, { state: "queued", error: null, attempts: 0 });
  }

  discard(key) {
    this.#entries = this.#entries.filter((entry) => entry.key !== key);
  }

  dropRoom(room) {
    this.#entries = this.#entries.filter((entry) => entry.room !== room);
  }

  /** What is to survive a reload of the page. */
  toJSON() {
    return this.#entries.filter((entry) => entry.state !== "stored");
  }

  #lane(room) {
    return this.#entries.filter(
      (entry) => entry.room === room && entry.state !== "refused" && entry.state !== "stored",
    );
  }

  #find(key) {
    return this.#entries.find((entry) => entry.key === key);
  }
}

function unsent(state) {
  return state === "refused" ? "refused" : "queued";
}
