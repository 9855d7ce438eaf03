// A client by `ws`: sends an echo server what clients send, closes, and prints what it saw as JSON;
// a second connection sends what is no Engine.IO packet.
"use strict";

const { once } = require("events");
const WebSocket = require("ws");

async function open(url) {
  const socket = new WebSocket(url);
  const messages = [];
  const waiting = [];
  socket.on("message", (data, binary) => {
    const message = binary ? { base64: data.toString("base64") } : data.toString();
    if (waiting.length) waiting.shift()(message);
    else messages.push(message);
  });
  const read = async () => messages.shift() ?? new Promise((resolve) => waiting.push(resolve));
  await read(); // the handshake
  return { socket, read };
}

async function main(url, { text, binary, parts, long }) {
  const { socket, read } = await open(url);
  const seen = {};
  socket.send(text);
  seen.text = await read();
  socket.send(Buffer.from(binary, "base64"));
  seen.binary = (await read()).base64;
  parts.forEach((part, number) => socket.send(part, { fin: number === parts.length - 1 }));
  seen.fragments = await read();
  socket.send("4" + "x".repeat(long));
  seen.long = (await read()).length;
  socket.ping("are you there");
  seen.pong = (await once(socket, "pong"))[0].toString();
  socket.close(1000, "bye");
  seen.closed = (await once(socket, "close"))[0];

  const other = await open(url);
  other.socket.send("abc");
  seen.refused = (await once(other.socket, "close"))[0];
  console.log(JSON.stringify(seen));
}

main(process.argv[2], JSON.parse(process.argv[3])).catch((error) => {
  console.error(error);
  process.exit(1);
});
