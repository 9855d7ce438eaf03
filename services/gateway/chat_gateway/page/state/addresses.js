const ROUND = 300; // milliseconds before the second round through all addresses; doubles from there
const LONGEST = 5000;

/**
 * The gateways' addresses: those named in the page's own address (`?gateways=a,b`), else those that were
 * served with it, else where the page came from. Anything but http(s) is left out.
 */
export function choose(search, served, own) {
  const named = (new URLSearchParams(search).get("gateways") ?? "").split(",");
  const lists = [named, served ?? [], [own]].map((list) => list.map(clean).filter(Boolean));
  return [...new Set(lists.find((list) => list.length))];
}

function clean(text) {
  const spelled = /^[a-z][a-z0-9+.-]*:\/\//i.test(text.trim()) ? text.trim() : `http://${text.trim()}`;
  if (!text.trim() || !URL.canParse(spelled)) return null;
  const url = new URL(spelled);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** Where Socket.IO is under an address: the origin and the path. */
export function endpoint(address) {
  const url = new URL(address);
  return { origin: url.origin, path: `${url.pathname.replace(/\/+$/, "")}/socket.io/` };
}

/** Which address is next, and when. */
export class Rotation {
  #at = 0;
  #failures = 0;

  constructor(addresses) {
    this.addresses = addresses;
  }

  get current() {
    return this.addresses[this.#at];
  }

  connected() {
    this.#failures = 0;
  }

  next() {
    this.#at = (this.#at + 1) % this.addresses.length;
  }

  failed() {
    this.#failures += 1;
    this.next();
  }

  /** Milliseconds until the next attempt; `random` (0 to 1) spreads the clients of a lost gateway. */
  delay(random) {
    const rounds = Math.floor(this.#failures / this.addresses.length);
    if (rounds === 0) return 50 + random * 200;
    return Math.min(LONGEST, ROUND * 2 ** (rounds - 1)) * (0.5 + random / 2);
  }
}
