import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { Outbox } = await load("state/outbox.js");

const NEVER = () => false;
const say = (outbox, key, room = "") =>
  outbox.add({ key, room, nickname: "ada", text: `text ${key}`, created: 0 });
const shown = (outbox, room = "") => outbox.visible(room, NEVER).map(({ key }) => key);
const event = (key, id, room) => ({ id, nick: "ada", message: `text ${key}`, ...(room && { room }) });

test("one message per room is on its way at a time, in the order of writing", () => {
  const outbox = new Outbox();
  for (const key of ["a", "b"]) say(outbox, key);
  say(outbox, "tea", "tea");
  assert.equal(outbox.next("", 0).key, "a");
  assert.equal(outbox.next("", 0), null);
  assert.equal(outbox.next("tea", 0).key, "tea");
  outbox.acknowledged("a", "e-1");
  assert.equal(outbox.next("", 0).key, "b");
});

test("after a break it goes again, with the same key and before what came later", () => {
  const outbox = new Outbox();
  for (const key of ["a", "b"]) say(outbox, key);
  outbox.next("", 0);
  outbox.broken();
  assert.equal(outbox.next("", 0).key, "a");
});

test("without an answer it goes again", () => {
  const outbox = new Outbox();
  say(outbox, "a");
  outbox.next("", 0);
  outbox.unanswered("a");
  assert.equal(outbox.next("", 0).key, "a");
});

test("what could not be stored now is tried again later, and holds back what comes after it", () => {
  const outbox = new Outbox();
  for (const key of ["a", "b"]) say(outbox, key);
  outbox.next("", 0);
  outbox.failed("a", { code: "unavailable", message: "no log" }, 1000);
  assert.equal(outbox.next("", 1000), null);
  assert.equal(outbox.due(""), 2000);
  assert.equal(outbox.next("", 2000).key, "a");
  outbox.failed("a", { code: "unavailable", message: "no log" }, 2000);
  assert.equal(outbox.due(""), 4000);
});

test("what was refused waits for the user, and holds back nothing", () => {
  const outbox = new Outbox();
  for (const key of ["a", "b"]) say(outbox, key);
  outbox.next("", 0);
  outbox.failed("a", { code: "too_long", message: "too long" }, 0);
  assert.equal(outbox.next("", 0).key, "b");
  outbox.acknowledged("b", "e-1");
  assert.equal(outbox.next("", 0), null);
  outbox.retry("a");
  assert.equal(outbox.next("", 0).key, "a");
  outbox.failed("a", { code: "too_long", message: "too long" }, 0);
  outbox.discard("a");
  assert.deepEqual(shown(outbox), ["b"]);
});

test("acknowledged first: shown until its event comes", () => {
  const outbox = new Outbox();
  say(outbox, "a");
  outbox.next("", 0);
  outbox.acknowledged("a", "e-1");
  assert.deepEqual(shown(outbox), ["a"]);
  assert.deepEqual(outbox.visible("", (id) => id === "e-1"), []);
  outbox.saw(event("a", "e-1"));
  assert.deepEqual(shown(outbox), []);
});

test("the event first: not shown twice, and ours at once", () => {
  const outbox = new Outbox();
  say(outbox, "a");
  outbox.next("", 0);
  outbox.saw(event("a", "e-1"));
  assert.deepEqual(shown(outbox), []);
  assert.equal(outbox.claims("e-1"), true);
  outbox.acknowledged("a", "e-1");
  assert.equal(outbox.toJSON().length, 0);
});

test("somebody else's equal words are not taken for ours once the acknowledgement says so", () => {
  const outbox = new Outbox();
  say(outbox, "a");
  outbox.next("", 0);
  outbox.saw(event("a", "e-1"));
  outbox.acknowledged("a", "e-2");
  assert.deepEqual(shown(outbox), ["a"]);
  assert.equal(outbox.claims("e-1"), false);
  assert.equal(outbox.claims("e-2"), true);
});

test("stored just before a break: seen in what was missed, and sent again without being shown", () => {
  const outbox = new Outbox();
  say(outbox, "a", "tea");
  outbox.next("tea", 0);
  outbox.broken();
  outbox.saw(event("a", "e-7", "tea"));
  assert.deepEqual(shown(outbox, "tea"), []);
  assert.equal(outbox.next("tea", 0).key, "a");
  outbox.acknowledged("a", "e-7");
  assert.equal(outbox.next("tea", 0), null);
});

test("what was never sent is not mistaken for somebody's equal words", () => {
  const outbox = new Outbox();
  say(outbox, "a");
  outbox.saw(event("a", "e-1"));
  assert.deepEqual(shown(outbox), ["a"]);
});

test("a reload keeps what is unsent, with its key", () => {
  const outbox = new Outbox();
  for (const key of ["a", "b", "c"]) say(outbox, key);
  outbox.next("", 0);
  outbox.acknowledged("a", "e-1");
  outbox.next("", 0);
  const again = new Outbox(JSON.parse(JSON.stringify(outbox)));
  assert.equal(again.next("", 0).key, "b");
  again.acknowledged("b", "e-2");
  assert.equal(again.next("", 0).key, "c");
});

test("a chat that numbers nothing: acknowledged is done", () => {
  const outbox = new Outbox();
  say(outbox, "a");
  outbox.next("", 0);
  outbox.acknowledged("a", undefined);
  assert.deepEqual(shown(outbox), []);
});
