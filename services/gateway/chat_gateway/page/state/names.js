const CONTROL = /[\p{Cc}\p{Cs}]/gu;
const CONTROL_BUT_BREAKS = /(?![\n\t])[\p{Cc}\p{Cs}]/gu;
// Invisible signs that turn a line of text around; a name may not have them.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const HUES = [195, 40, 280, 135, 345, 85, 245, 15]; // far enough apart to be told from each other
export const SHAPES = 6;

/** A name as the protocol has it: trimmed, at most 64 characters, no control characters. */
export function cleanName(text) {
  return Array.from(text.replace(TURNING, "").replace(CONTROL, " ").trim()).slice(0, 64).join("").trim();
}

/** A message's text as it is sent; empty when there is nothing to say. */
export function cleanText(text) {
  const plain = text.replace(/\r\n?/g, "\n").replace(CONTROL_BUT_BREAKS, "");
  return plain.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
}

export function bytes(text) {
  return new TextEncoder().encode(text).length;
}

/** Stable look of a name: a hue (degrees) and the number of a shape. */
export function look(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(String(name))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return { hue: HUES[hash % HUES.length], shape: hash % SHAPES };
}

export function initial(nick) {
  return (Array.from(String(nick).trim())[0] ?? "?").toUpperCase();
}

/** The room in a page's `#room=name`; "" is the lobby. */
export function roomOf(hash) {
  return (new URLSearchParams(hash.replace(/^#/, "")).get("room") ?? "").trim();
}

/** The token in a page's `#token=…`; null for none. It is to be taken out of the address at once. */
export function tokenOf(hash) {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") || null;
}

export function hashOf(room) {
  return `#room=${encodeURIComponent(room)}`;
}

/** A text that is nobody else's. Plain http on another host than localhost has no randomUUID. */
export function newKey(crypto = globalThis.crypto) {
  if (crypto?.randomUUID) return crypto.randomUUID();
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
