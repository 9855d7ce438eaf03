import { ask, Refusal } from "./connection.js";

const PATIENCE = 8000; // milliseconds without an acknowledgement, after which the message goes again

/** Sends what is in the outbox, room by room, in order. */
export class Sender {
  #outbox;
  #handlers;
  #link = null;
  #timers = new Map();

  /** `handlers`: stored(entry, id), changed(), isLive(room). */
  constructor(outbox, handlers) {
    this.#outbox = outbox;
    this.#handlers = handlers;
  }

  up(link) {
    this.#link = link;
  }

  down() {
    this.#link = null;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#outbox.broken();
  }

  async pump(room) {
    const link = this.#link;
    while (link && link === this.#link && this.#handlers.isLive(room)) {
      const entry = this.#outbox.next(room, Date.now());
      if (!entry) break;
      await this.#send(link, entry);
    }
    this.#wakeWhenDue(room);
  }

  async #send(link, entry) {
    const { key, room, text, nickname } = entry;
    const data = { nickname, message: text, key, ...(room && { room }) };
    try {
      const { id } = await ask(link.chat, "chat message", data, PATIENCE);
      this.#outbox.acknowledged(key, id);
      this.#handlers.stored(entry, id);
    } catch (error) {
      if (error instanceof Refusal) this.#outbox.failed(key, error, Date.now());
      else if (link === this.#link) this.#outbox.unanswered(key);
    }
    this.#handlers.changed();
  }

  #wakeWhenDue(room) {
    clearTimeout(this.#timers.get(room));
    const due = this.#outbox.due(room);
    if (due === null || this.#link === null) return;
    this.#timers.set(room, setTimeout(() => this.pump(room), Math.max(0, due - Date.now())));
  }
}
