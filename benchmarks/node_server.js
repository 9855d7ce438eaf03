// The chat's events on Socket.IO for Node with its Redis adapter: node node_server.js PORT URL NAME
"use strict";

const { createServer } = require("http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

const [port, url, key] = process.argv.slice(2);

async function main() {
  const publishing = createClient({ url });
  const subscribing = publishing.duplicate();
  await Promise.all([publishing.connect(), subscribing.connect()]);
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(publishing, subscribing, { key }) });
  io.on("connection", (socket) => {
    socket.on("join", (room) => socket.join(room));
    socket.on("chat message", ({ nickname, message, room }) => {
      const chat = { dyno: port, time: Date.now() / 1000, nick: nickname, message, room };
      (room ? io.to(room) : io).emit("chat message", chat);
    });
  });
  http.listen(Number(port), "127.0.0.1");
}

main();
