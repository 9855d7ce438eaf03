// Node's Engine.IO and Socket.IO as echo servers, for comparison: one HTTP server for each set of
// options in the list that is the argument. Prints their ports as JSON; ends with standard input.
"use strict";

const { createServer } = require("http");
const { Server: EngineServer } = require("engine.io");
const { Server } = require("socket.io");

function listen(options) {
  const shared = { ...options, destroyUpgrade: false }; // two servers share each HTTP server
  const http = createServer();
  const engine = new EngineServer(shared);
  engine.attach(http, { ...shared, path: "/engine.io/" });
  engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));

  const io = new Server(http, shared);
  for (const namespace of ["/", "/custom"]) {
    io.of(namespace).on("connection", (socket) => {
      socket.emit("auth", socket.handshake.auth);
      socket.on("message", (...args) => socket.emit("message-back", ...args));
      socket.on("message-with-ack", (...args) => args.pop()(...args));
    });
  }
  return new Promise((listening) => {
    http.listen(0, "127.0.0.1", () => listening(http.address().port));
  });
}

Promise.all(JSON.parse(process.argv[2]).map(listen)).then((ports) => console.log(JSON.stringify(ports)));
process.stdin.on("end", () => process.exit(0)).resume();
