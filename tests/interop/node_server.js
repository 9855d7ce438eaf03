// A Socket.IO server with one of the adapters for Redis, its clients and an emitter, run by a test:
// each line of standard input is a command, each of standard output an answer, what a client got or
// what another server said.
//
//   {"id": 1, "do": "emit", "to": ["a"], "except": ["b"], "args": ["event", 1]}
//   {"id": 1, "done": null}
//   {"client": "x", "got": ["event", 1]}
//   {"client": "server", "got": ["event of serverSideEmit", 1]}
//
// Bytes are {"$bytes": "<base64>"} and dates {"$date": "<ISO 8601>"}, in both directions. A command
// that fails has the answer {"id": 1, "failed": "<message>"}.
"use strict";

const { createServer } = require("http");
const { createInterface } = require("readline");
const { createAdapter, createShardedAdapter } = require("@socket.io/redis-adapter");
const { createAdapter: createStreamsAdapter } = require("@socket.io/redis-streams-adapter");
const { Emitter } = require("@socket.io/redis-emitter");
const { createClient, createCluster } = require("redis");
const { Server } = require("socket.io");
const { io: connect } = require("socket.io-client");

const { url, protocol, options, recovery } = JSON.parse(process.argv[2]);
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
  const publisher = await (Array.isArray(url)
    ? createCluster({ rootNodes: url.map((url) => ({ url })) })
    : createClient({ url })
  ).connect();
  publisher.on("error", () => {}); // a test ends servers
  const subscriber = await publisher.duplicate().connect();
  subscriber.on("error", () => {});
  const adapter = {
    classic: () => createAdapter(publisher, subscriber, options),
    sharded: () => createShardedAdapter(publisher, subscriber, options),
    streams: () => createStreamsAdapter(publisher, options),
  }[protocol]();
  const http = createServer();
  const server = new Server(http, { adapter, connectionStateRecovery: recovery });
  await new Promise((listening) => http.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${http.address().port}`;
  const emitter = new Emitter(publisher, options);
  const clients = new Map();

  // Whom a command is for, as the server and the emitter both let it be said.
  function target({ from = "server", namespace = "/", to = [], except = [], flags = {} }) {
    let chain = (from === "emitter" ? emitter : server).of(namespace).except(except);
    if (to.length) chain = chain.to(to);
    if (flags.volatile) chain = chain.volatile;
    if ("compress" in flags) chain = chain.compress(flags.compress);
    if (flags.timeout) chain = chain.timeout(flags.timeout);
    return chain;
  }

  // What others say with serverSideEmit is reported, and answered if the test wants that.
  function serverSide(name, answer) {
    server.of(name).on("said", (...args) => {
      const callback = typeof args.at(-1) === "function" ? args.pop() : () => {};
      say({ client: "server", got: toPlain(["said", ...args]) });
      if (answer !== undefined) callback(answer);
    });
  }

  const described = (sockets) =>
    sockets
      .map(({ id, handshake, rooms, data }) => ({ id, handshake, rooms: [...rooms].sort(), data }))
      .sort((one, other) => (one.id < other.id ? -1 : 1));

  const commands = {
    // Return when subscriptions that Node began are in force, for which it does not wait itself.
    settle: async () => void (subscriber.ping && (await subscriber.ping())),
    fetchSockets: async (command) => described(await target(command).fetchSockets()),
    allRooms: async ({ namespace = "/" }) =>
      [...(await server.of(namespace).adapter.allRooms())].sort(),
    emitWithAck: (command) =>
      new Promise((done) => {
        const callback = (error, answers) => done({ error: error && error.message, answers });
        target(command).emit(...fromPlain(command.args), callback);
      }),
    serverSideEmit: ({ from = "server", namespace = "/", args }) =>
      void (from === "emitter" ? emitter : server).of(namespace).serverSideEmit(...fromPlain(args)),
    serverSideEmitWithAck: ({ namespace = "/", args }) =>
      new Promise((done) => {
        const callback = (error, answers) => done({ error: error && error.message, answers });
        server.of(namespace).serverSideEmit(...fromPlain(args), callback);
      }),
    listen: ({ namespace = "/", answer }) => serverSide(namespace, fromPlain(answer)),

    emit: (command) => void target(command).emit(...fromPlain(command.args)),
    socketsJoin: (command) => target(command).socketsJoin(command.rooms),
    socketsLeave: (command) => target(command).socketsLeave(command.rooms),
    disconnectSockets: (command) => target(command).disconnectSockets(command.close),
    rooms: ({ namespace = "/", sid }) => [...server.of(namespace).sockets.get(sid).rooms].sort(),
    servers: ({ namespace = "/" }) => server.of(namespace).adapter.serverCount(),

    // A client of this server, in these rooms, that acknowledges with `acks`; returns its id.
    client: ({ name, namespace = "/", rooms, acks, data = {} }) =>
      new Promise((joined) => {
        server.of(namespace).once("connection", async (socket) => {
          await socket.join(rooms);
          await commands.settle();
          socket.data = fromPlain(data);
          joined(socket.id);
        });
        const client = connect(address + namespace, { transports: ["websocket"], forceNew: true });
        client.onAny((...got) => {
          if (typeof got.at(-1) === "function") {
            const acknowledge = got.pop();
            if (acks !== undefined) acknowledge(fromPlain(acks));
          }
          say({ client: name, got: toPlain(got) });
        });
        client.on("disconnect", (reason) => say({ client: name, got: ["disconnect", reason] }));
        clients.set(name, client);
      }),
  };

  for (const name of ["/chat", "/notifications"]) server.of(name); // namespaces exist before their first client, so that their adapters listen
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    // Commands begin in their order, and one that waits for others does not hold them up.
    Promise.resolve()
      .then(() => commands[command.do](command))
      .then((done) => say({ id: command.id, done: toPlain(done ?? null) }))
      .catch((error) => say({ id: command.id, failed: String(error.message) }));
  }
  process.exit(0); // standard input has ended: so has the test
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
