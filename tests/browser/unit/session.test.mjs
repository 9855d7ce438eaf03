import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { Session } = await load("session.js");
const { Conversation } = await load("state/conversation.js");

/** A chat with the lobby and the room "tea", in both of which one message was said. */
function chat() {
  const told = { closed: [], problems: [] };
  const conversations = new Map(["", "tea"].map((room) => [room, new Conversation(room)]));
  for (const conversation of conversations.values()) {
    conversation.joined({ messages: [{ id: "e-1", message: "hello" }], position: "e-1", count: 0, members: [] });
  }
  const host = {
    conversations,
    nickname: "ada",
    closed: (room, why) => told.closed.push([room, why]),
    problem: (text) => told.problems.push(text),
    changed: () => {},
    shown: () => {},
  };
  return { session: new Session(host), conversations, told };
}

const texts = (conversation) => conversation.timeline.messages.map(({ message }) => message);

test("a message that was deleted is gone from its room, and from no other", () => {
  const { session, conversations } = chat();
  session.event("moderated", { room: "tea", id: "e-1", message: null });
  assert.deepEqual(texts(conversations.get("tea")), []);
  assert.deepEqual(texts(conversations.get("")), ["hello"]);
  session.event("moderated", { id: "e-1", message: "h****" });
  assert.deepEqual(texts(conversations.get("")), ["h****"]);
});

test("who is put out of a room is told why", () => {
  const { session, conversations, told } = chat();
  const why = { room: "tea", code: "banned", message: "you may not be in the room 'tea'" };
  session.event("closed", why);
  assert.deepEqual(told.closed, [["tea", why]]);
  session.event("closed", { room: null, code: "kicked", message: "you were put out of the lobby" });
  assert.equal(conversations.get("").phase, "failed");
  assert.equal(conversations.get("").error.message, "you were put out of the lobby");
  session.event("refused", { event: "connect", error: { code: "kicked", message: "enough" } });
  assert.deepEqual(told.problems, ["enough"]);
});
