// Refusals that a (new) token may help against; after all others the same one is tried again.
const HELPED = new Set(["token_missing", "token_invalid", "token_expired", "other_user", "forbidden"]);

/** What the user is known by, where gateways ask for that: a token. */
export class Pass {
  /** Why the gateway lets us in no more, for people; null while it does. */
  refusal = null;
  /** The name that came with the token; null where one may choose. */
  name = null;
  #keep;

  /** `keep(token)` is called with what is to be used from now on. */
  constructor(token, keep) {
    this.token = token;
    this.#keep = keep;
  }

  /** The part of the handshake that shows it. */
  get auth() {
    return this.token ? { token: this.token } : {};
  }

  take(token) {
    this.token = token;
    this.#keep(token);
  }

  /** What a `connect_error` held; true if it is of no use to try again with the same token. */
  refused(data) {
    if (!HELPED.has(data?.code)) return false;
    this.refusal = { code: data.code, message: data.message ?? "" };
    return true;
  }

  accepted({ name }) {
    this.refusal = null;
    this.name = name ?? null;
  }
}

/** What a refusal means for whoever reads it. */
export function explain({ code, message }) {
  if (code === "token_missing") return "This chat asks who you are. You get a token where you log in.";
  if (code === "token_expired") return "Your token has expired. Please get a new one where you log in.";
  if (code === "other_user") return "That token is somebody else's. Reload the page to change the user.";
  return `This chat did not accept that (${message}).`;
}
