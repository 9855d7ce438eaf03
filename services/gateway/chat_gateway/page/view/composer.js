import { bytes, cleanText } from "../state/names.js";
import { phrase } from "../state/typing.js";
import { get, setText } from "./dom.js";

const LIMIT = 8192; // bytes of one message
const WARN = 400; // bytes left from which on they are counted

/** Where one writes, and who else is writing. */
export class Composer {
  #chat;
  #draft = get("draft");
  #shown = null;
  #timer = null;

  /** `sent()` after each message. */
  constructor(chat, sent) {
    this.#chat = chat;
    get("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(sent);
    });
    this.#draft.addEventListener("input", () => this.#changed());
    this.#draft.addEventListener("blur", () => chat.stopTyping());
    this.#draft.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send(sent);
    });
  }

  /** Ready to write at once, unless that would open the keyboard of a phone. */
  invite() {
    if (!matchMedia("(pointer: coarse)").matches) this.focus();
  }

  focus() {
    this.#draft.focus();
  }

  render() {
    const { conversation } = this.#chat;
    if (this.#shown !== conversation) {
      this.#shown = conversation;
      this.#draft.value = conversation.draft;
      this.#fit();
    }
    const label = `Message to ${conversation.title}`;
    setText(get("draft-label"), label);
    this.#draft.placeholder = label;
    this.#draft.disabled = conversation.phase === "failed";
    this.#typists(conversation.typists);
  }

  #typists(typists) {
    setText(get("typing"), phrase(typists.names(Date.now())));
    clearTimeout(this.#timer);
    if (typists.due === null) return;
    this.#timer = setTimeout(() => this.render(), typists.due - Date.now() + 20);
  }

  #changed() {
    this.#shown.draft = this.#draft.value;
    this.#chat.typing(this.#draft.value);
    this.#fit();
  }

  #send(sent) {
    const text = cleanText(this.#draft.value);
    if (!text || bytes(text) > LIMIT || this.#draft.disabled) return;
    this.#draft.value = "";
    this.#shown.draft = "";
    this.#fit();
    this.#chat.say(text);
    sent();
  }

  #fit() {
    this.#draft.style.height = "auto";
    this.#draft.style.height = `${this.#draft.scrollHeight}px`;
    const left = LIMIT - bytes(cleanText(this.#draft.value));
    const text = left < 0 ? `${-left} bytes too long` : left < WARN ? `${left} bytes left` : "";
    setText(get("limit"), text);
    get("limit").classList.toggle("over", left < 0);
    get("send").disabled = left < 0;
  }
}
