const REPEAT = 3000; // a typist says so this often …
const EXPIRES = 6000; // … and is forgotten after this long

/** Who is typing in a room. */
export class Typists {
  #until = new Map();

  note({ id, nick, typing }, now) {
    if (typing) this.#until.set(id, { nick, until: now + EXPIRES });
    else this.#until.delete(id);
  }

  forget(id) {
    this.#until.delete(id);
  }

  clear() {
    this.#until.clear();
  }

  names(now) {
    for (const [id, { until }] of this.#until) if (until <= now) this.#until.delete(id);
    return [...this.#until.values()].map(({ nick }) => nick);
  }

  /** When the next one expires; null when nobody is typing. */
  get due() {
    const all = [...this.#until.values()].map(({ until }) => until);
    return all.length ? Math.min(...all) : null;
  }
}

export function phrase(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} more are typing`;
}

/** When to tell the others that we are typing, and that we have stopped. */
export class TypingSignal {
  #since = null;

  /** The draft changed: true or false is to be sent, null is not. */
  changed(draft, now) {
    if (!draft.trim()) return this.stopped();
    if (this.#since !== null && now - this.#since < REPEAT) return null;
    this.#since = now;
    return true;
  }

  /** Sent, left, or gone elsewhere. */
  stopped() {
    const told = this.#since !== null;
    this.#since = null;
    return told ? false : null;
  }
}
