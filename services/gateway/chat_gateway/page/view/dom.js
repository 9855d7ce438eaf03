import { look } from "../state/names.js";

export const get = (id) => document.getElementById(id);

/** A new element. Texts become text nodes, never markup. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const element = document.createElementNS(SVG, "svg");
  element.setAttribute("class", "icon");
  element.setAttribute("aria-hidden", "true");
  setIcon(element.appendChild(document.createElementNS(SVG, "use")), name);
  return element;
}

export function setIcon(use, name) {
  use.setAttribute("href", `page/icons.svg#${name}`);
}

/**
 * Make the container's children those of `rows`, each with a `key`. Elements that stay are neither moved
 * nor made anew; `signature(row)` says what of a row is drawn, so that a change replaces its content.
 */
export function sync(container, rows, draw, signature = () => "") {
  const wanted = new Set(rows.map((row) => row.key));
  const there = new Map();
  for (const child of [...container.children]) {
    if (wanted.has(child.dataset.key)) there.set(child.dataset.key, child);
    else child.remove();
  }
  let at = container.firstElementChild;
  for (const row of rows) {
    const old = there.get(row.key);
    const drawn = String(signature(row));
    let element = old;
    if (!old || old.dataset.drawn !== drawn) {
      element = draw(row);
      element.dataset.key = row.key;
      element.dataset.drawn = drawn;
      if (old) {
        if (old === at) at = element;
        old.replaceWith(element);
      }
    }
    if (element === at) at = at.nextElementSibling;
    else container.insertBefore(element, at);
  }
}

/** An avatar: the name's initial on the name's colour. */
export function avatar(nick, letter, extra = "") {
  const element = el("span", { class: `avatar ${extra}`.trim(), "aria-hidden": "true" }, letter);
  element.style.setProperty("--hue", look(nick).hue);
  return element;
}

/** A gateway's name with its sign: a shape and a colour of its own. */
export function gateway(name) {
  const { hue, shape } = look(name);
  const sign = el("span", { class: "sign", "data-shape": shape, "aria-hidden": "true" });
  sign.style.setProperty("--hue", hue);
  return el("span", { class: "gateway" }, sign, el("span", { class: "gateway-name" }, String(name)));
}
