// A crowd of Socket.IO clients that chat, lose their gateways and come back; each checks what it gets.
//
// Started with one JSON argument: {gateways: [url], clients, rooms, place (what rooms are called), every (ms between one client's
// messages), transports, holes}. With holes, what other gateways' clients said may come later than newer messages (mode
// `isolated`), but comes.
// Prints "ready" when all have joined. A line "stop" on standard input ends the sending; when everything sent is
// acknowledged and has arrived (or 10 s later) one JSON line with what was seen is printed.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const { gateways, clients, rooms, place, every, transports, holes } = JSON.parse(process.argv[2]);
const problems = [];
const stored = new Map(); // "room id" → key of the message that has this position
const acked = new Map(); // key → id
const born = new Map(); // key → when it was first sent
let worst = 0; // ms from sending to the last delivery, since the last line "worst"
const seen = { acked: 0, resent: 0, reconnects: 0, received: 0, refused: 0, worstAckMs: 0 };
let running = true;

const offsetOf = (id) => Number(id.slice(id.lastIndexOf("-") + 1));
const epochOf = (id) => id.slice(0, id.lastIndexOf("-"));
const problem = (text) => problems.length < 20 && problems.push(text);

class Member {
  constructor(number) {
    this.name = `c${number}`;
    this.room = `${place} ${number % rooms}`;
    this.at = number % gateways.length;
    this.sent = 0;
    this.pending = new Map(); // key → {text, since}, in the order of sending
    this.last = null;
    this.missing = new Set(); // offsets below the last one's, with holes
    this.generation = 0;
    this.joined = new Promise((resolve) => (this.resolve = resolve));
    this.socket = io(gateways[this.at], {
      transports, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 300, timeout: 3000,
      auth: { nickname: this.name, lobby: "join" },
    });
    this.socket.on("connect", () => this.join());
    this.socket.on("chat message", (message) => this.receive(message));
    this.socket.on("disconnect", (reason) => {
      seen.reconnects += 1;
      if (reason.startsWith("io server")) problem(`${this.name}: told not to come back`);
    });
    this.socket.io.on("reconnect_attempt", () => {
      this.at = (this.at + 1) % gateways.length;
      this.socket.io.uri = gateways[this.at];
    });
  }

  join() {
    const generation = ++this.generation;
    this.socket.emit("join", { room: this.room, ...(this.last && { after: this.last }) }, (reply) => {
      if (generation !== this.generation) return;
      if (reply.error) {
        seen.refused += 1;
        setTimeout(() => generation === this.generation && this.socket.connected && this.join(), 200);
        return;
      }
      if (this.last === null) {
        this.last = reply.position;
      } else {
        if (!reply.complete) problem(`${this.name}: catch-up after ${this.last} is not complete`);
        reply.messages.forEach((message) => this.receive(message));
      }
      if (this.last !== reply.position) problem(`${this.name}: at ${this.last}, joined at ${reply.position}`);
      this.resolve();
      for (const [key, message] of this.pending) { seen.resent += 1; this.send(key, message); }
    });
  }

  receive(message) {
    seen.received += 1;
    if (this.last === null) return problem(`${this.name}: got ${message.id} before it had joined`);
    this.follow(message.id);
    const position = `${this.room} ${message.id}`;
    const key = message.message.split(" ")[0];
    worst = Math.max(worst, Date.now() - born.get(key));
    if (!stored.has(position)) stored.set(position, key);
    else if (stored.get(position) !== key) problem(`${this.name}: ${position} is ${key} and ${stored.get(position)}`);
  }

  follow(id) {
    const offset = offsetOf(id);
    const last = offsetOf(this.last);
    if (epochOf(id) !== epochOf(this.last)) problem(`${this.name}: ${id} after ${this.last}`);
    else if (holes && this.missing.delete(offset)) return;
    else if (offset <= last || (!holes && offset > last + 1)) problem(`${this.name}: ${id} after ${this.last}`);
    for (let missed = last + 1; missed < offset; missed += 1) this.missing.add(missed);
    this.last = id;
  }

  say() {
    if (this.pending.size >= 5) return; // nobody types on while nothing is taken
    const key = `${this.name}.${++this.sent}`;
    const message = { text: `${key} says hello`, since: Date.now() };
    this.pending.set(key, message);
    born.set(key, message.since);
    if (this.socket.connected) this.send(key, message);
  }

  send(key, message) {
    const body = { message: message.text, room: this.room, key };
    this.socket.emit("chat message", body, (reply) => {
      if (!this.pending.has(key)) {
        if (reply.id && acked.get(key) !== reply.id) problem(`${key}: acknowledged as ${acked.get(key)} and ${reply.id}`);
        return;
      }
      if (reply.error) {
        seen.refused += 1;
        setTimeout(() => this.socket.connected && this.pending.has(key) && this.send(key, message), 200);
        return;
      }
      this.pending.delete(key);
      acked.set(key, reply.id);
      seen.acked += 1;
      seen.worstAckMs = Math.max(seen.worstAckMs, Date.now() - message.since);
    });
  }
}

const members = Array.from({ length: clients }, (_, number) => new Member(number));
await Promise.all(members.map((member) => member.joined));
console.log("ready");
members.forEach((member, number) => {
  setTimeout(() => {
    const timer = setInterval(() => (running ? member.say() : clearInterval(timer)), every);
  }, (every * number) / clients);
});

function heads() {
  const last = new Map();
  for (const { room, last: id } of members) last.set(room, Math.max(last.get(room) ?? 0, offsetOf(id)));
  return last;
}

function settled() {
  const last = heads();
  return members.every(
    ({ pending, missing, room, last: id }) => pending.size + missing.size === 0 && offsetOf(id) === last.get(room),
  );
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "stop") break;
  console.log(JSON.stringify({ ...seen, worstMs: worst, problems }));
  worst = 0;
}
running = false;
const deadline = Date.now() + 10_000;
while (!settled() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
await new Promise((resolve) => setTimeout(resolve, 500)); // what comes twice comes now

const last = heads();
for (const { name, room, last: id, pending, missing } of members) {
  if (missing.size) problem(`${name}: never got ${[...missing].slice(0, 5)} of ${room}, and ${missing.size} in all`);
  if (offsetOf(id) !== last.get(room)) problem(`${name}: ends at ${id}, others at ${last.get(room)}`);
  if (pending.size) problem(`${name}: ${pending.size} never acknowledged`);
}
const byKey = new Map();
for (const [position, key] of stored) {
  if (byKey.has(key)) problem(`${key} is stored twice: ${byKey.get(key)} and ${position}`);
  byKey.set(key, position);
}
for (const [key, id] of acked) {
  if (!byKey.get(key)?.endsWith(` ${id}`)) problem(`${key}: acknowledged as ${id}, arrived as ${byKey.get(key)}`);
}
console.log(JSON.stringify({ ...seen, problems }));
process.exit(0);
