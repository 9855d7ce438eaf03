import { hashOf } from "../state/names.js";
import { el, get, icon, sync } from "./dom.js";

/** The list of rooms: the lobby, those one is in, then the others. */
export class Rooms {
  #chat;

  constructor(chat) {
    this.#chat = chat;
  }

  render() {
    const list = this.#list();
    sync(get("rooms"), list, (row) => this.#draw(row), (row) => `${row.current} ${row.unread} ${row.joined}`);
    const elsewhere = list.some((row) => row.unread && !row.current);
    get("rooms-unread").hidden = !elsewhere;
    get("rooms-open").setAttribute("aria-label", elsewhere ? "Rooms, with unread messages" : "Rooms");
  }

  #list() {
    const { conversations, directory, current } = this.#chat;
    const joined = [...conversations.values()].map((conversation) => ({
      room: conversation.room,
      title: conversation.title,
      joined: true,
      unread: this.#chat.unread(conversation),
    }));
    const others = (directory ?? [])
      .filter(({ name }) => !conversations.has(name))
      .map(({ name }) => ({ room: name, title: name, joined: false, unread: 0 }));
    return [...joined, ...others].map((row) => ({
      ...row,
      key: `room ${row.room}`,
      current: row.room === current,
    }));
  }

  #draw({ room, title, joined, unread, current }) {
    const link = el(
      "a",
      { href: hashOf(room), class: joined ? "joined" : "other", "aria-current": current && "page" },
      el("span", { class: "hash", "aria-hidden": "true" }, room ? "#" : icon("lobby")),
      el("span", { class: "room-link" }, title),
    );
    if (unread) {
      const shown = unread > 99 ? "99+" : String(unread);
      link.append(
        el("span", { class: "badge", "aria-hidden": "true" }, shown),
        el("span", { class: "sr" }, `, ${shown} unread`),
      );
    } else if (!joined) {
      link.append(el("span", { class: "sr" }, ", not joined"));
    }
    return el("li", {}, link);
  }
}
