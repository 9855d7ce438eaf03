import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { Timeline } = await load("state/timeline.js");

const at = (offset, epoch = "e") => ({ id: `${epoch}-${offset}`, message: `m${offset}` });
const span = (from, to, epoch) =>
  Array.from({ length: to - from + 1 }, (_, index) => at(from + index, epoch));
const ids = (timeline) => timeline.messages.map(({ id }) => id);
const offsets = (timeline) => timeline.messages.map(({ id }) => Number(id.split("-")[1]));

function joined(messages, reply = {}) {
  const timeline = new Timeline();
  timeline.caughtUp({ messages, position: messages.at(-1)?.id ?? "e-0", ...reply });
  return timeline;
}

test("a live message that was in the reply already is shown once", () => {
  const timeline = joined(span(1, 3));
  assert.equal(timeline.live(at(3)), null);
  assert.deepEqual(timeline.live(at(4)), at(4));
  assert.deepEqual(offsets(timeline), [1, 2, 3, 4]);
});

test("messages are in the order of their numbers, not of their arrival", () => {
  const timeline = joined(span(1, 2));
  for (const offset of [12, 9, 10, 11, 100]) timeline.live(at(offset));
  assert.deepEqual(offsets(timeline), [1, 2, 9, 10, 11, 12, 100]);
});

test("live messages before the reply are held, then merged", () => {
  const timeline = new Timeline();
  timeline.live(at(6));
  assert.deepEqual(ids(timeline), []);
  assert.equal(timeline.last, null);
  timeline.caughtUp({ messages: span(4, 6), position: "e-6" });
  assert.deepEqual(offsets(timeline), [4, 5, 6]);
});

test("a break before the reply leaves no hole: `last` stays where it was", () => {
  const timeline = joined(span(1, 3));
  timeline.hold();
  timeline.live(at(9));
  timeline.hold();
  assert.equal(timeline.last, "e-3");
  timeline.caughtUp({ messages: span(4, 9), position: "e-9", complete: true });
  assert.deepEqual(offsets(timeline), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(timeline.last, "e-9");
});

test("an empty room's position is remembered, so that its first message is not missed", () => {
  assert.equal(joined([], { position: "e-0" }).last, "e-0");
});

test("what was missed and is gone leaves a hole that history fills", () => {
  const timeline = joined(span(1, 3));
  timeline.hold();
  timeline.caughtUp({ messages: span(10, 12), position: "e-12", complete: false });
  assert.deepEqual([...timeline.gaps], [["e-3", "open"]]);
  assert.equal(timeline.gapEnd("e-3"), "e-10");
  timeline.fill("e-3", { messages: span(7, 9), complete: false });
  assert.equal(timeline.gapEnd("e-3"), "e-7");
  timeline.fill("e-3", { messages: span(2, 6), complete: false });
  assert.equal(timeline.gaps.size, 0);
  assert.deepEqual(offsets(timeline), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test("a hole that the log no longer covers is said to be lost", () => {
  const timeline = joined(span(1, 3));
  timeline.caughtUp({ messages: span(10, 12), position: "e-12", complete: false });
  timeline.fill("e-3", { messages: span(8, 9), complete: true });
  assert.deepEqual([...timeline.gaps], [["e-3", "lost"]]);
});

test("a log that was begun anew comes after the old one, although its numbers are lower", () => {
  const timeline = joined(span(40, 42, "old"), { position: "old-42" });
  timeline.caughtUp({ messages: span(1, 2, "new"), position: "new-2", complete: false });
  assert.deepEqual(ids(timeline), ["old-40", "old-41", "old-42", "new-1", "new-2"]);
  assert.equal(timeline.last, "new-2");
  assert.equal(timeline.gaps.get("old-42"), "open");
});

test("nothing is missing on the first join, however little the reply holds", () => {
  assert.equal(joined(span(50, 60), { complete: false }).gaps.size, 0);
});

test("older messages go to the front; an answer without any means the beginning", () => {
  const timeline = joined(span(5, 6));
  timeline.older({ messages: span(3, 4), complete: false });
  assert.deepEqual(offsets(timeline), [3, 4, 5, 6]);
  assert.equal(timeline.complete, false);
  assert.equal(timeline.last, "e-6");
  timeline.older({ messages: [], complete: false });
  assert.equal(timeline.complete, true);
});

test("trimming forgets the oldest, and that they were the beginning", () => {
  const timeline = joined(span(1, 10));
  timeline.older({ messages: [], complete: true });
  timeline.trim(4);
  assert.deepEqual(offsets(timeline), [7, 8, 9, 10]);
  assert.equal(timeline.complete, false);
});

test("unread messages are those after what was read, one's own left out", () => {
  const timeline = joined(span(1, 10));
  assert.equal(timeline.countAfter("e-7"), 3);
  assert.equal(timeline.countAfter("e-7", ({ id }) => id === "e-9"), 2);
  assert.equal(timeline.countAfter(null, () => false, 5), 5);
});

test("messages without a number stay in the order of their arrival", () => {
  const timeline = joined([], { position: null });
  for (const message of ["a", "b", "a"]) timeline.live({ message });
  assert.deepEqual(timeline.messages.map(({ message }) => message), ["a", "b", "a"]);
  timeline.live({ id: "p0sKiIy2u5Ly", message: "c" });
  assert.equal(timeline.live({ id: "p0sKiIy2u5Ly", message: "c" }), null);
  assert.equal(timeline.messages.length, 4);
  assert.equal(timeline.countAfter(timeline.messages[1].id), 2);
  assert.equal(timeline.countAfter(null), 4);
  assert.equal(timeline.last, null);
  assert.equal(timeline.oldest, null);
});

test("any mix of repeats, breaks and late replies shows every message once and in order", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = generator(seed);
    const timeline = new Timeline();
    let stored = 0;
    for (let step = 0; step < 40; step++) {
      const what = random();
      if (what < 0.5) timeline.live(at(++stored));
      else if (what < 0.6) stored += 3; // while nobody listened: a break follows
      if (what >= 0.5 && what < 0.75) timeline.hold();
      if (what >= 0.75) catchUp(timeline, stored);
    }
    catchUp(timeline, stored);
    // A message is only ever missed together with the connection.
    assert.deepEqual(offsets(timeline), span(1, stored).map(({ id }) => Number(id.slice(2))), `seed ${seed}`);
  }
});

function catchUp(timeline, stored) {
  const after = timeline.last === null ? 0 : Number(timeline.last.split("-")[1]);
  timeline.caughtUp({ messages: span(after + 1, stored), position: `e-${stored}`, complete: true });
}

function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("a deleted message is gone, and does not come back", () => {
  const timeline = joined(span(1, 4));
  timeline.moderated({ id: "e-2", message: null });
  assert.deepEqual(offsets(timeline), [1, 3, 4]);
  assert.equal(timeline.live(at(2)), null);
  timeline.older({ messages: span(1, 2) });
  assert.deepEqual(offsets(timeline), [1, 3, 4]);
  assert.equal(timeline.has("e-2"), true);
});

test("what was deleted while the connection was broken is gone after it", () => {
  const timeline = joined(span(1, 3));
  timeline.hold();
  timeline.caughtUp({ messages: span(4, 5), position: "e-5", deleted: ["e-1", "e-3", "e-4"] });
  assert.deepEqual(offsets(timeline), [2, 5]);
  assert.equal(timeline.last, "e-5");
});

test("a message that is deleted before it comes is never shown, and counts as seen", () => {
  const timeline = joined(span(1, 1));
  timeline.moderated({ id: "e-2", message: null });
  assert.equal(timeline.live(at(2)), null);
  assert.deepEqual(offsets(timeline), [1]);
  assert.equal(timeline.last, "e-2");
});

test("a message can be given another text, before or after it comes", () => {
  const timeline = joined(span(1, 1));
  timeline.moderated({ id: "e-1", message: "m*" });
  timeline.moderated({ id: "e-2", message: "n*" });
  timeline.live(at(2));
  assert.deepEqual(timeline.messages.map(({ message }) => message), ["m*", "n*"]);
});

test("a hole after a deleted message is after the one before it", () => {
  const timeline = joined(span(1, 3));
  timeline.hold();
  timeline.caughtUp({ messages: span(8, 9), position: "e-9", complete: false });
  timeline.moderated({ id: "e-3", message: null });
  assert.deepEqual([...timeline.gaps], [["e-2", "open"]]);
  assert.equal(timeline.gapEnd("e-2"), "e-8");
  timeline.fill("e-2", { messages: span(2, 7) });
  assert.deepEqual(offsets(timeline), [1, 2, 4, 5, 6, 7, 8, 9]);
  assert.equal(timeline.gaps.size, 0);
});

test("a hole after a first message that was deleted is before everything", () => {
  const timeline = joined(span(1, 1), { complete: true });
  timeline.hold();
  timeline.caughtUp({ messages: span(8, 9), position: "e-9", complete: false });
  timeline.moderated({ id: "e-1", message: null });
  assert.equal(timeline.gaps.size, 0);
  assert.equal(timeline.complete, false);
});
