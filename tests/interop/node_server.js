// A Socket.IO server with @socket.io/redis-adapter, its clients and an emitter, run by a test: each
// line of standard input is a command, each of standard output an answer or what a client got.
//
//   {"id": 1, "do": "emit", "to": ["a"], "except": ["b"], "args": ["event", 1]}
//   {"id": 1, "done": null}
//   {"client": "x", "got": ["event", 1]}
//
// Bytes are {"$bytes": "<base64>"} and dates {"$date": "<ISO 8601>"}, in both directions.
"use strict";

const { createServer } = require("http");
const { createInterface } = require("readline");
const { createAdapter } = require("@socket.io/redis-adapter");
const { Emitter } = require("@socket.io/redis-emitter");
const { createClient } = require("redis");
const { Server } = require("socket.io");
const { io: connect } = require("socket.io-client");

const [url, key] = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

function toPlain(value) {
  if (Buffer.isBuffer(value)) return { $bytes: value.toString("base64") };
  if (value instanceof Date) return { $date: value.toISOString() };
  if (Array.isArray(value)) return value.map(toPlain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toPlain(inner)]));
}

function fromPlain(value) {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return Buffer.from(value.$bytes, "base64");
  if ("$date" in value) return new Date(value.$date);
  if ("$undefined" in value) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fromPlain(inner)]));
}

async function main() {
  const publisher = await createClient({ url }).connect();
  const subscriber = await publisher.duplicate().connect();
  const http = createServer();
  const server = new Server(http, { adapter: createAdapter(publisher, subscriber, { key }) });
  await new Promise((listening) => http.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${http.address().port}`;
  const emitter = new Emitter(publisher, { key });
  const clients = new Map();

  // Whom a command is for, as the server and the emitter both let it be said.
  function target({ from = "server", namespace = "/", to = [], except = [], flags = {} }) {
    let chain = (from === "emitter" ? emitter : server).of(namespace).except(except);
    if (to.length) chain = chain.to(to);
    if (flags.volatile) chain = chain.volatile;
    if ("compress" in flags) chain = chain.compress(flags.compress);
    return chain;
  }

  const commands = {
    emit: (command) => void target(command).emit(...fromPlain(command.args)),
    socketsJoin: (command) => target(command).socketsJoin(command.rooms),
    socketsLeave: (command) => target(command).socketsLeave(command.rooms),
    disconnectSockets: (command) => target(command).disconnectSockets(command.close),
    rooms: ({ namespace = "/", sid }) => [...server.of(namespace).sockets.get(sid).rooms].sort(),
    servers: ({ namespace = "/" }) => server.of(namespace).adapter.serverCount(),

    // A client of this server, in these rooms; returns its id.
    client: ({ name, namespace = "/", rooms }) =>
      new Promise((joined) => {
        server.of(namespace).once("connection", async (socket) => {
          await socket.join(rooms);
          joined(socket.id);
        });
        const client = connect(address + namespace, { transports: ["websocket"], forceNew: true });
        client.onAny((...got) => say({ client: name, got: toPlain(got) }));
        client.on("disconnect", (reason) => say({ client: name, got: ["disconnect", reason] }));
        clients.set(name, client);
      }),
  };

  server.of("/chat"); // namespaces exist before their first client, so that their adapters listen
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    say({ id: command.id, done: toPlain((await commands[command.do](command)) ?? null) });
  }
  process.exit(0); // standard input has ended: so has the test
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
