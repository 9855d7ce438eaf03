// What is kept over reloads. A browser may forbid storage: then nothing is kept, and all else works.

const PREFIX = "chatcluster.";

export function load(name, fallback, store = () => localStorage) {
  try {
    return JSON.parse(store().getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

export function save(name, value, store = () => localStorage) {
  try {
    store().setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Forbidden or full: the page goes on without.
  }
}

/** Storage of this tab alone. */
export const ofThisTab = () => sessionStorage;
