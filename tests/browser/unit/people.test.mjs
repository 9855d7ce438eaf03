import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { People } = await load("state/presence.js");
const { Typists, TypingSignal, phrase } = await load("state/typing.js");

const person = (id, nickname, dyno) => ({ id, nickname, dyno });
const names = (people, self) =>
  people.byGateway(self).map(({ dyno, members }) => [dyno, ...members.map(({ nickname }) => nickname)]);

test("people are listed by gateway and name, oneself first", () => {
  const people = new People();
  people.replace({
    count: 3,
    members: [person("1", "zoe", "gw-10"), person("2", "bob", "gw-2"), person("3", "ada", "gw-10")],
  });
  assert.deepEqual(names(people), [["gw-2", "bob"], ["gw-10", "ada", "zoe"]]);
  assert.deepEqual(names(people, "1"), [["gw-2", "bob"], ["gw-10", "zoe", "ada"]]);
});

test("who comes twice is there once; who comes under another name has that name", () => {
  const people = new People();
  people.replace({ count: 1, members: [person("1", "ada", "a")] });
  people.apply({ count: 1, joined: [person("1", "ada the second", "a")], left: [] });
  assert.deepEqual(names(people), [["a", "ada the second"]]);
  people.apply({ count: 0, joined: [], left: ["1", "never here"] });
  assert.deepEqual(names(people), []);
});

test("a list that does not add up is doubtful; one that is cut off is not", () => {
  const people = new People();
  people.replace({ count: 2, members: [person("1", "ada", "a")] });
  assert.equal(people.doubtful, true);
  people.replace({ count: 900, members: [person("1", "ada", "a")] });
  assert.equal(people.doubtful, false);
  assert.equal(people.unlisted, 899);
});

test("typists expire, and stop", () => {
  const typists = new Typists();
  typists.note({ id: "1", nick: "ada", typing: true }, 0);
  typists.note({ id: "2", nick: "bob", typing: true }, 4000);
  assert.equal(typists.due, 6000);
  assert.deepEqual(typists.names(5999), ["ada", "bob"]);
  assert.deepEqual(typists.names(6000), ["bob"]);
  typists.note({ id: "2", nick: "bob", typing: false }, 6001);
  assert.deepEqual(typists.names(6001), []);
});

test("who is typing, in words", () => {
  assert.equal(phrase([]), "");
  assert.equal(phrase(["ada"]), "ada is typing");
  assert.equal(phrase(["ada", "bob"]), "ada and bob are typing");
  assert.equal(phrase(["ada", "bob", "cy", "di"]), "ada, bob and 2 more are typing");
});

test("we say that we type every three seconds at most, and once that we have stopped", () => {
  const signal = new TypingSignal();
  assert.equal(signal.changed("h", 0), true);
  assert.equal(signal.changed("he", 100), null);
  assert.equal(signal.changed("hel", 3100), true);
  assert.equal(signal.changed("", 3200), false);
  assert.equal(signal.changed("", 3300), null);
  assert.equal(signal.stopped(), null);
});
