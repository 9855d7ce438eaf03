import { explain } from "../state/pass.js";
import { get, setText } from "./dom.js";

/** Asks for a token when a gateway wants one. */
export class SignIn {
  #connection;
  #dialog = get("token-dialog");
  #input = get("token-input");
  #answered = null;

  constructor({ connection }) {
    this.#connection = connection;
    get("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Opens by itself after each refusal, once. */
  render() {
    const { phase, pass } = this.#connection;
    if (phase !== "locked" || this.#answered === pass.refusal) return;
    this.#answered = pass.refusal;
    this.open(explain(pass.refusal), pass.refusal.code === "token_missing");
  }

  open(text, first = false) {
    setText(get("token-hint"), text);
    setText(get("token-title"), first ? "Please sign in" : "Please sign in again");
    setText(get("token-error"), "");
    this.#input.value = "";
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.focus();
  }

  async #submit() {
    const token = this.#input.value.trim();
    if (!token) return setText(get("token-error"), "There is nothing in the field.");
    try {
      await this.#connection.show(token);
      this.#dialog.close();
    } catch (error) {
      setText(get("token-error"), error.code ? explain(error) : "The gateway did not answer. Please try again.");
    }
  }
}
