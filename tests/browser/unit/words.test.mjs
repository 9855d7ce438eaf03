import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { choose, endpoint, Rotation } = await load("state/addresses.js");
const { parts } = await load("state/links.js");
const { cleanName, cleanText, hashOf, initial, look, newKey, roomOf } = await load("state/names.js");
const { dayName, rows } = await load("state/rows.js");

const linked = (text) => parts(text).map(({ text: words, href }) => (href ? `<${href}>` : words)).join("");

test("addresses become links, the sentence around them does not", () => {
  const cases = {
    "plain words": "plain words",
    "see https://a.example/b.": "see <https://a.example/b>.",
    "(https://a.example/b)": "(<https://a.example/b>)",
    "https://a.example/b_(c)": "<https://a.example/b_(c)>",
    "HTTP://A.example, twice: http://b.example!": "<HTTP://A.example>, twice: <http://b.example>!",
    "javascript:alert(1)//https": "javascript:alert(1)//https",
    "https://": "https://",
    'https://a.example/"onclick=x': '<https://a.example/>"onclick=x',
    "https://a.example/<script>": "<https://a.example/><script>",
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(linked(text), expected);
    assert.equal(parts(text).map((part) => part.text).join(""), text);
  }
});

test("names and texts are cleaned as the protocol asks", () => {
  assert.equal(cleanName("a\u202eda\ud800"), "ada");
  assert.equal(cleanName("  ada\u0000\n lovelace "), "ada   lovelace");
  assert.equal(Array.from(cleanName("🫖".repeat(80))).length, 64);
  assert.equal(cleanText("\r\n\n  indented\r\n\tmore\u0007  \n"), "  indented\n\tmore");
  assert.equal(cleanText(" \n "), "");
});

test("a room's name survives the address", () => {
  for (const room of ["", "tea time", "a&b=c#d+e%", "茶"]) assert.equal(roomOf(hashOf(room)), room);
  assert.equal(roomOf("#something"), "");
  assert.equal(roomOf("#room=%E0%A4%A"), roomOf("#room=%E0%A4%A"));
});

test("a name's look is always the same, and numbered gateways differ", () => {
  assert.deepEqual(look("gateway-1"), look("gateway-1"));
  assert.equal(new Set([0, 1, 2, 3].map((n) => look(`gateway-${n}`).hue)).size, 4);
  assert.equal(initial("🫖 tea"), "🫖");
  assert.equal(initial(""), "?");
});

test("keys differ, with and without randomUUID", () => {
  const poor = { getRandomValues: (bytes) => crypto.getRandomValues(bytes) };
  for (const source of [crypto, poor]) {
    assert.notEqual(newKey(source), newKey(source));
    assert.ok(newKey(source).length <= 64);
  }
});

test("addresses: named in the page's own, else served, else where the page came from", () => {
  const own = "http://own:8000/";
  assert.deepEqual(choose("", [], own), ["http://own:8000"]);
  assert.deepEqual(choose("", ["https://a/chat/"], own), ["https://a/chat"]);
  assert.deepEqual(choose("?gateways=http://a:1,b:2,http://a:1/", ["http://c"], own), [
    "http://a:1",
    "http://b:2",
  ]);
  assert.deepEqual(choose("?gateways=javascript:alert(1),%20", [], own), ["http://own:8000"]);
  assert.deepEqual(endpoint("https://a/chat"), { origin: "https://a", path: "/chat/socket.io/" });
  assert.deepEqual(endpoint("https://a"), { origin: "https://a", path: "/socket.io/" });
});

test("every address is tried soon, then all again after growing delays", () => {
  const rotation = new Rotation(["a", "b"]);
  const tried = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    tried.push([rotation.current, rotation.delay(1)]);
    rotation.failed();
  }
  assert.deepEqual(tried.map(([address]) => address), ["a", "b", "a", "b", "a", "b"]);
  assert.deepEqual(tried.map(([, delay]) => delay), [250, 250, 300, 300, 600, 600]);
  for (let attempt = 0; attempt < 40; attempt++) rotation.failed();
  assert.equal(rotation.delay(1), 5000);
  rotation.connected();
  assert.equal(rotation.delay(0), 50);
});

test("rows: days, groups, holes, and what is on its way", () => {
  const noon = new Date(2024, 4, 3, 12).getTime() / 1000;
  const said = (id, nick, time, dyno = "a") => ({ id, nick, dyno, time, message: "" });
  const list = rows({
    messages: [
      said("e-1", "ada", noon),
      said("e-2", "ada", noon + 60),
      said("e-3", "ada", noon + 600),
      said("e-4", "bob", noon + 601),
      said("e-5", "bob", noon + 602, "b"),
      said("e-6", "me", noon + 24 * 3600),
    ],
    gaps: new Map([["e-1", "open"]]),
    pending: [{ key: "k", nickname: "me", created: noon + 24 * 3600 + 5 }],
    isOwn: (id) => id === "e-6",
  });
  const drawn = list.map((row) => `${row.type}${row.first ? "*" : ""}${row.own ? " own" : ""}`);
  assert.deepEqual(drawn, [
    "day",
    "message*",
    "gap",
    "message*",
    "message*",
    "message*",
    "message*",
    "day",
    "message* own",
    "pending own",
  ]);
  assert.equal(new Set(list.map(({ key }) => key)).size, list.length);
  assert.equal(dayName(noon, noon + 60), "Today");
  assert.equal(dayName(noon, noon + 24 * 3600), "Yesterday");
  assert.match(dayName(noon, noon + 9 * 24 * 3600, "en"), /Friday.*May/);
});
