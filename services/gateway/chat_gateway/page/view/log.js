import { rows } from "../state/rows.js";
import { get, setText, sync } from "./dom.js";
import { draw, signature } from "./message.js";

const NEAR = 60; // pixels from the end that still count as the end
const EARLY = 400; // pixels from the top at which older messages are loaded
const FLOOD = 8; // more new rows than this at once are not read out

/** The messages of the open room, and where the user has scrolled to. */
export class Log {
  #chat;
  #scroller = get("log");
  #rows = get("log-rows");
  #start = get("log-start");
  #jump = get("jump");
  #shown = null;
  #atEnd = true;
  #leftAt = null;

  constructor(chat) {
    this.#chat = chat;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#jump.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(this.#scroller);
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#atEnd = true;
    this.#drawJump();
  }

  render() {
    const { conversation } = this.#chat;
    const other = this.#shown !== conversation;
    if (other) this.#rows.replaceChildren();
    this.#shown = conversation;
    if (other) this.#atEnd = true;
    if (this.#atEnd) conversation.trim();
    const anchor = this.#atEnd ? null : this.#firstVisible();
    this.#draw(conversation);
    if (this.#atEnd) this.toEnd();
    else this.#keep(anchor);
    this.#drawJump();
    this.#loadIfNearTop();
  }

  #draw(conversation) {
    const { timeline, room, phase } = conversation;
    const { outbox } = this.#chat;
    const waiting = phase !== "live";
    const list = rows({
      messages: timeline.messages,
      gaps: timeline.gaps,
      pending: outbox.visible(room, (id) => timeline.has(id)),
      isOwn: this.#chat.isOwn,
      claims: (id) => outbox.claims(id),
    });
    // Once, below the last of them, is enough.
    if (waiting && list.at(-1)?.type === "pending") list.at(-1).waiting = true;
    this.#quietly(list.length - this.#rows.childElementCount > FLOOD);
    const actions = {
      fill: (after) => this.#chat.fillGap(after),
      retry: (key) => this.#chat.retry(key),
      discard: (key) => this.#chat.discard(key),
    };
    sync(this.#rows, list, (row) => draw(row, actions), signature);
    this.#drawStart(conversation, list.length === 0);
  }

  // A screen reader is to hear what is said, not fifty old messages at once.
  #quietly(flood) {
    if (!flood) return;
    this.#scroller.setAttribute("aria-busy", "true");
    setTimeout(() => this.#scroller.removeAttribute("aria-busy"), 500);
  }

  #drawStart(conversation, empty) {
    const { phase, error, timeline, loading } = conversation;
    this.#start.classList.toggle("empty", empty);
    setText(this.#start, startOf({ phase, error, empty, loading, conversation, timeline }));
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
    if (this.#atEnd && !atEnd) this.#leftAt = this.#shown?.timeline.newest ?? null;
    this.#atEnd = atEnd;
    this.#drawJump();
    this.#loadIfNearTop();
  }

  #drawJump() {
    this.#jump.hidden = this.#atEnd;
    if (this.#atEnd || !this.#shown) return;
    const count = this.#shown.timeline.countAfter(this.#leftAt);
    setText(get("jump-text"), count ? `${count > 99 ? "99+" : count} new` : "Latest");
  }

  #loadIfNearTop() {
    if (this.#scroller.scrollTop < EARLY) this.#chat.loadOlder();
  }

  // What the user is reading stays where it is, whatever comes in above or below.
  #firstVisible() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const element of this.#rows.children) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top && element.classList.contains("line")) {
        return { key: element.dataset.key, top: box.top };
      }
    }
    return null;
  }

  #keep(anchor) {
    if (!anchor) return;
    const element = [...this.#rows.children].find((child) => child.dataset.key === anchor.key);
    if (element) this.#scroller.scrollTop += element.getBoundingClientRect().top - anchor.top;
  }
}

function startOf({ phase, error, empty, loading, conversation, timeline }) {
  if (phase === "failed") return `You cannot be in this room: ${error.message}`;
  if (loading) return "Loading older messages…";
  if (empty) return phase === "live" ? emptyText(conversation) : "One moment…";
  return timeline.complete ? `This is where ${conversation.title} begins.` : "";
}

function emptyText({ room }) {
  const place = room ? "in this room" : "in the lobby";
  return `Nothing has been said ${place} yet. Whatever you write reaches everybody here, on every gateway.`;
}
