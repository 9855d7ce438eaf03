import { initial } from "../state/names.js";
import { avatar, el, gateway, get, setText, sync } from "./dom.js";

/** Who is here, by gateway. */
export class People {
  #chat;

  constructor(chat) {
    this.#chat = chat;
  }

  render() {
    const { conversation, session } = this.#chat;
    const { people, room } = conversation;
    const groups = people.byGateway(session.self).map((group) => ({ ...group, key: group.dyno }));
    setText(get("people-count"), people.count ? String(people.count) : "");
    setText(get("room-about"), about(conversation, groups.length));
    get("people-open").setAttribute("aria-label", `People here: ${people.count}`);
    get("room-actions").hidden = room === "";
    const more = people.unlisted ? [{ key: "\u0000more", more: people.unlisted }] : [];
    sync(get("people"), [...groups, ...more], (group) => this.#draw(group), sign);
  }

  #draw(group) {
    if (group.more) return el("p", { class: "more" }, `and ${group.more} more`);
    const { dyno, members } = group;
    const heading = el("h3", {}, gateway(dyno), el("span", { class: "count" }, String(members.length)));
    return el("section", {}, heading, el("ul", {}, ...members.map((member) => this.#person(member))));
  }

  #person({ id, nickname }) {
    const you = id === this.#chat.session.self ? el("span", { class: "you" }, "you") : null;
    const name = el("span", { class: "person" }, nickname);
    return el("li", {}, avatar(nickname, initial(nickname), "small"), name, you);
  }
}

function sign(group) {
  return JSON.stringify(group.more ?? group.members.map(({ id, nickname }) => [id, nickname]));
}

function about({ phase, people }, gateways) {
  if (phase !== "live" || !people.count) return "";
  const persons = people.count === 1 ? "Only you" : `${people.count} people`;
  return gateways > 1 ? `${persons} on ${gateways} gateways` : `${persons} here`;
}
