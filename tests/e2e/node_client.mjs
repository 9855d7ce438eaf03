// Socket.IO clients run by a test: each line of standard input is a command, each of standard output
// an answer or what a client got.
//
//   {"id": 1, "do": "connect", "name": "x", "urls": ["http://127.0.0.1:8000"], "namespace": "/room", "options": {}}
//   {"id": 1, "done": {"sid": "…"}}                  or {"id": 1, "refused": {"message": "…", "data": {}}}
//   {"id": 2, "do": "ask", "name": "x", "args": ["list"]}
//   {"client": "x", "got": ["item", []]}
//
// Of several urls the client takes the next one whenever it has lost its connection.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const clients = new Map();
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

class Refused extends Error {
  constructor({ message, data }) {
    super(message);
    this.shown = { message, data };
  }
}

function report(name, socket) {
  socket.onAny((...got) => say({ client: name, got }));
  socket.on("connect", () => say({ client: name, got: ["connect", socket.id] }));
  socket.on("disconnect", (reason, details) =>
    say({ client: name, got: ["disconnect", { reason, code: details?.context?.code ?? null }] }));
}

function moveOn(socket, urls) {
  let at = 0;
  const next = () => {
    at = (at + 1) % urls.length;
    socket.io.uri = urls[at];
  };
  socket.io.on("close", next);
  socket.io.on("reconnect_error", next);
}

const commands = {
  // `beside`: over the connection that another client has.
  connect: ({ name, urls, namespace, options, beside }) =>
    new Promise((connected, failed) => {
      const socket = beside
        ? clients.get(beside).io.socket(namespace, options) // connects by itself
        : io(urls[0] + namespace, { forceNew: true, ...options });
      clients.set(name, socket);
      report(name, socket);
      socket.once("connect", () => connected({ sid: socket.id }));
      socket.once("connect_error", (error) => failed(new Refused(error)));
      if (!beside) moveOn(socket, urls);
    }),
  emit: ({ name, args }) => void clients.get(name).emit(...args),
  ask: ({ name, args }) => clients.get(name).emitWithAck(...args),
  // All in a row, without waiting; the answer is what they were acknowledged with.
  burst: ({ name, event, items }) => {
    const socket = clients.get(name);
    return Promise.all(items.map((item) => socket.emitWithAck(event, item)));
  },
  transport: ({ name }) => clients.get(name).io.engine.transport.name,
  // As if its machine were gone: no close packet, no close frame.
  cut: ({ name }) => {
    const { io } = clients.get(name);
    io.reconnection(false);
    io.engine.transport.ws.terminate();
  },
  close: ({ name }) => void clients.get(name).disconnect(),
};

async function carryOut(command) {
  try {
    say({ id: command.id, done: (await commands[command.do](command)) ?? null });
  } catch (error) {
    say({ id: command.id, refused: error.shown ?? { message: String(error) } });
  }
}

for await (const line of createInterface({ input: process.stdin })) void carryOut(JSON.parse(line));
process.exit(0); // standard input has ended: so has the test
