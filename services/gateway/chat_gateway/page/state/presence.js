/** Who is in a room, on all gateways. */
export class People {
  #members = new Map();

  /** Everybody, also those beyond the members that are listed. */
  count = 0;

  /** A full answer (of `join` or `presence`). */
  replace({ count = 0, members = [] }) {
    this.#members = new Map(members.map((member) => [member.id, member]));
    this.count = count;
  }

  /** A `presence` event. A member that is known already joined again, perhaps under another name. */
  apply({ count, joined = [], left = [] }) {
    for (const id of left) this.#members.delete(id);
    for (const member of joined) this.#members.set(member.id, member);
    this.count = count ?? this.#members.size;
  }

  clear() {
    this.#members.clear();
    this.count = 0;
  }

  get(id) {
    return this.#members.get(id) ?? null;
  }

  /** The only one of that name, if there is one. */
  named(nickname) {
    const found = [...this.#members.values()].filter((member) => member.nickname === nickname);
    return found.length === 1 ? found[0] : null;
  }

  /** Whether the list and the count disagree although all would fit. */
  get doubtful() {
    return this.#members.size > this.count || (this.count <= 200 && this.#members.size < this.count);
  }

  get unlisted() {
    return Math.max(0, this.count - this.#members.size);
  }

  /** `[{dyno, members}]`, gateways and nicknames in alphabetical order, oneself first. */
  byGateway(self = null) {
    const groups = new Map();
    for (const member of this.#members.values()) {
      const group = groups.get(member.dyno) ?? [];
      group.push(member);
      groups.set(member.dyno, group);
    }
    return [...groups]
      .map(([dyno, members]) => ({ dyno, members: members.sort(byName(self)) }))
      .sort((a, b) => String(a.dyno).localeCompare(String(b.dyno), undefined, { numeric: true }));
  }
}

function byName(self) {
  return (a, b) =>
    Number(b.id === self) - Number(a.id === self) ||
    String(a.nickname).localeCompare(String(b.nickname)) ||
    (a.id < b.id ? -1 : 1);
}
