import { parts } from "../state/links.js";
import { initial } from "../state/names.js";
import { dayName } from "../state/rows.js";
import { avatar, el, gateway } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** What of a row is drawn; a row whose signature stays is not drawn again. */
export function signature(row) {
  if (row.type === "message") return `${row.first} ${row.own} ${row.message.masked ?? ""}`;
  if (row.type === "gap") return row.gap;
  if (row.type === "day") return dayName(row.time, Date.now() / 1000);
  const { state, error } = row.entry;
  return `${row.first} ${state} ${row.waiting} ${error?.message}`;
}

/** `actions`: fill(after), retry(key), discard(key). */
export function draw(row, actions) {
  if (row.type === "day") return day(row);
  if (row.type === "gap") return gap(row, actions);
  if (row.type === "pending") return pending(row, actions);
  return message(row);
}

function day(row) {
  const text = dayName(row.time, Date.now() / 1000);
  return el("div", { class: "day", role: "separator", "aria-label": text }, el("span", {}, text));
}

function gap(row, actions) {
  if (row.gap === "lost") {
    return el("div", { class: "gap" }, el("p", {}, "Some messages from here are no longer kept."));
  }
  const button = el("button", { type: "button", onclick: () => actions.fill(row.after) }, "Load older");
  return el("div", { class: "gap" }, el("p", {}, "Some messages were missed."), button);
}

function message({ message: said, own, first }) {
  const { nick, dyno, time } = said;
  const head = el(
    "p",
    { class: "head" },
    own ? el("span", { class: "nick" }, "You") : el("span", { class: "nick" }, nick),
    gateway(dyno),
    when(time),
  );
  return line(own, first, nick, head, bubble(said.message, own ? "You" : nick, first, time));
}

function pending({ entry, first, waiting }, actions) {
  const head = el("p", { class: "head" }, el("span", { class: "nick" }, "You"));
  const body = bubble(entry.text, "You", first, entry.created);
  const row = line(true, first, entry.nickname, head, body);
  row.classList.add("pending", `is-${entry.state}`);
  const note = noteOf(entry, waiting);
  if (note) row.lastChild.append(el("p", { class: "note" }, note));
  if (entry.state === "refused") {
    row.lastChild.lastChild.append(
      el("button", { type: "button", onclick: () => actions.retry(entry.key) }, "Try again"),
      el("button", { type: "button", onclick: () => actions.discard(entry.key) }, "Discard"),
    );
  }
  return row;
}

function noteOf(entry, waiting) {
  if (entry.state === "refused") return `Not sent: ${entry.error?.message || "refused"} `;
  if (entry.state === "later") return `Will be tried again: ${entry.error?.message || "not now"}`;
  return waiting ? "Waits for the connection" : null;
}

function line(own, first, nick, head, body) {
  const classes = ["line", own ? "own" : "other", first ? "first" : "next"].join(" ");
  const content = el("div", { class: "content" }, first ? head : null, body);
  return el("div", { class: classes }, own ? null : face(nick, first), content);
}

function face(nick, first) {
  return first ? avatar(nick, initial(nick)) : el("span", { class: "no-avatar" });
}

function bubble(text, nick, first, time) {
  const speaker = first ? null : el("span", { class: "sr" }, `${nick}: `);
  const words = parts(text).map(({ text: words, href }) =>
    href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, words) : words,
  );
  const element = el("div", { class: "bubble", title: exact.format(time * 1000) }, speaker);
  element.append(el("span", { class: "text" }, ...words));
  return element;
}

function when(seconds) {
  const date = new Date(seconds * 1000);
  return el("time", { datetime: date.toISOString() }, clock.format(date));
}
