import { load, save } from "../storage.js";
import { get, setIcon } from "./dom.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const WORDS = { auto: "as the system", light: "light", dark: "dark" };

/** The button that goes through the themes. */
export function themeButton() {
  const button = get("theme");
  const show = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    setIcon(get("theme-icon"), theme);
    button.setAttribute("aria-label", `Theme: ${WORDS[theme]}. Change it.`);
    button.title = `Theme: ${WORDS[theme]}`;
  };
  const now = () => document.documentElement.dataset.theme ?? "auto";
  button.addEventListener("click", () => {
    const theme = NEXT[now()];
    save("theme", theme);
    show(theme);
  });
  show(NEXT[load("theme", "auto")] ? load("theme", "auto") : "auto");
}
