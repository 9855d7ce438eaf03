import { get } from "./dom.js";

const ROOMS = { name: "rooms", narrow: matchMedia("(max-width: 46rem)") };
const PEOPLE = { name: "people", narrow: matchMedia("(max-width: 68rem)") };

/** On narrow screens the panes at the sides are drawers: one at a time, closed by Escape. */
export class Drawers {
  #open = null;

  constructor() {
    for (const drawer of [ROOMS, PEOPLE]) {
      get(`${drawer.name}-open`).addEventListener("click", () => this.#show(drawer));
      get(`${drawer.name}-close`).addEventListener("click", () => this.close());
      drawer.narrow.addEventListener("change", () => this.#apply());
    }
    get("scrim").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.close();
    });
    this.#apply();
  }

  close() {
    const closed = this.#open;
    if (!closed) return;
    this.#open = null;
    this.#apply();
    get(`${closed.name}-open`).focus();
  }

  #show(drawer) {
    this.#open = drawer;
    this.#apply();
    get(`${drawer.name}-close`).focus();
  }

  #apply() {
    if (this.#open && !this.#open.narrow.matches) this.#open = null;
    for (const drawer of [ROOMS, PEOPLE]) {
      const open = this.#open === drawer;
      const pane = get(`${drawer.name}-pane`);
      pane.classList.toggle("open", open);
      pane.inert = drawer.narrow.matches && !open;
      get(`${drawer.name}-open`).setAttribute("aria-expanded", String(open));
    }
    get("scrim").hidden = !this.#open;
    document.querySelector("main").inert = this.#open !== null;
  }
}
