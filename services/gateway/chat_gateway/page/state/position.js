// A message's `id` is its position: the epoch (one life of the room's log) and a number that counts
// that log's messages. Only the order of two messages is read from it.

/** Whether it is one: a chat that keeps no history gives its messages names instead. */
export function isPosition(id) {
  return /^\w+-\d+$/.test(id ?? "");
}

export function parse(id) {
  const cut = id.lastIndexOf("-");
  return { epoch: id.slice(0, cut), offset: Number(id.slice(cut + 1)) };
}

/** Orders positions: epochs in the order in which they were first met, then by offset. */
export class Order {
  #epochs = new Map();

  meet(id) {
    const { epoch } = parse(id);
    if (!this.#epochs.has(epoch)) this.#epochs.set(epoch, this.#epochs.size);
  }

  /** Below 0 when `a` comes before `b`. */
  compare(a, b) {
    const left = parse(a);
    const right = parse(b);
    return this.#rank(left.epoch) - this.#rank(right.epoch) || left.offset - right.offset;
  }

  #rank(epoch) {
    return this.#epochs.get(epoch) ?? this.#epochs.size;
  }
}
