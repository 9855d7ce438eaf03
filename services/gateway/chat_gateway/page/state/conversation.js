import { People } from "./presence.js";
import { Timeline } from "./timeline.js";
import { Typists, TypingSignal } from "./typing.js";

/** Kept of one room while nobody looks further up. */
const KEEP = 1000;
/** Milliseconds after a `history` that failed. */
const PAUSE = 3000;

/** A room that the user is in; "" is the lobby. */
export class Conversation {
  timeline = new Timeline();
  people = new People();
  typists = new Typists();
  signal = new TypingSignal();
  /** "waiting" (for the connection, or for the reply to `join`) | "live" | "failed" */
  phase = "waiting";
  /** Why it failed. */
  error = null;
  /** Whether a `history` is under way. */
  loading = false;
  draft = "";
  #loadNotBefore = 0;

  constructor(room, readId = null) {
    this.room = room;
    this.readId = readId;
  }

  get title() {
    return this.room || "Lobby";
  }

  /** The connection is gone. */
  broken() {
    this.phase = "waiting";
    this.timeline.hold();
    this.people.clear();
    this.typists.clear();
    this.signal.stopped();
    this.loading = false;
  }

  /** The reply to `join`; gives the new messages. */
  joined(reply) {
    const first = this.timeline.last === null;
    const fresh = this.timeline.caughtUp(reply);
    this.people.replace(reply);
    this.phase = "live";
    this.error = null;
    if (first && this.readId === null) this.read();
    return fresh;
  }

  /** `join` was refused for good; what still comes is shown. */
  refused(error) {
    this.phase = "failed";
    this.error = error;
    return this.timeline.release();
  }

  /** Whether older messages may be asked for just now. */
  mayLoad(now) {
    return this.phase === "live" && !this.loading && now >= this.#loadNotBefore;
  }

  loadingFailed(now) {
    this.#loadNotBefore = now + PAUSE;
  }

  unread(isOwn) {
    return this.timeline.countAfter(this.readId, (message) => isOwn(message.id));
  }

  /** Everything has been read; true when that is news. */
  read() {
    const newest = this.timeline.newest ?? this.timeline.last;
    if (newest === null || newest === this.readId) return false;
    this.readId = newest;
    return true;
  }

  trim() {
    this.timeline.trim(KEEP);
  }
}
