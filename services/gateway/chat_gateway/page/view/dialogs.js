import { cleanName } from "../state/names.js";
import { get, setText } from "./dom.js";

/** Ask for the name; resolves with it (perhaps empty) when the dialog closes. */
export function askName(current) {
  const dialog = get("name-dialog");
  const input = get("name-input");
  input.value = current ?? "";
  dialog.showModal();
  input.select();
  return new Promise((resolve) => {
    const submitted = (event) => {
      event.preventDefault();
      dialog.close("submitted");
    };
    get("name-form").addEventListener("submit", submitted);
    dialog.addEventListener(
      "close",
      () => {
        get("name-form").removeEventListener("submit", submitted);
        const given = dialog.returnValue === "submitted" ? cleanName(input.value) : (current ?? "");
        dialog.returnValue = "";
        resolve(given);
      },
      { once: true },
    );
  });
}

/** The dialogs that create and remove rooms. `opened(room)` after one was created. */
export class RoomDialogs {
  #chat;
  #removing = null;

  constructor(chat, opened) {
    this.#chat = chat;
    for (const button of document.querySelectorAll("dialog [data-close]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    get("create-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#create(opened);
    });
    get("remove-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#remove();
    });
  }

  create() {
    get("create-form").reset();
    setText(get("create-error"), "");
    get("create-dialog").showModal();
  }

  remove(room) {
    this.#removing = room;
    setText(get("remove-error"), "");
    setText(get("remove-text"), `“${room}” and everything said in it are gone then, for everybody.`);
    get("remove-dialog").showModal();
  }

  async #create(opened) {
    const name = cleanName(get("create-input").value);
    if (!name) return setText(get("create-error"), "A room needs a name.");
    try {
      opened(await this.#chat.create(name));
      get("create-dialog").close();
    } catch (error) {
      setText(get("create-error"), sentence(error));
    }
  }

  async #remove() {
    try {
      await this.#chat.remove(this.#removing);
      get("remove-dialog").close();
    } catch (error) {
      setText(get("remove-error"), sentence(error));
    }
  }
}

function sentence(error) {
  return error.code ? error.message : "The gateway did not answer. Please try again.";
}
