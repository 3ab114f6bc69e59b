// Clients that mean no good, over bare TCP: each must be closed as it deserves. Exits 0 if all are.
//
// node abuse.mjs GATEWAY: the URL of the sockets. TOKENS in the environment is a list of tokens, separated by
// commas, one for each of the 100 clients of a kind. Some kinds take a minute: SILENCE is that of the gateway.

import net from "node:net";
import crypto from "node:crypto";

const gateway = new URL(process.argv[2]);
const tokens = process.env.TOKENS.split(",");
const COUNT = 100;
const PATIENCE = 100_000;

function connect() {
  const socket = net.connect(Number(gateway.port), gateway.hostname);
  socket.on("error", () => {});
  return socket;
}

function request(token, headers = []) {
  const query = token ? `?token=${token}` : "";
  return [
    `GET ${gateway.pathname}${query} HTTP/1.1`, `Host: ${gateway.host}`, "Connection: Upgrade", "Upgrade: websocket",
    "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString("base64")}`, ...headers, "", "",
  ].join("\r\n");
}

// How a connection ended: the HTTP status if it was never upgraded, the code of the close frame, or "cut".
function ending(socket) {
  let heard = Buffer.alloc(0);
  let upgraded = false;
  return new Promise((resolve) => {
    const timer = setTimeout(() => { socket.destroy(); resolve("still open"); }, PATIENCE);
    const end = (how) => { clearTimeout(timer); socket.destroy(); resolve(how); };
    socket.on("data", (data) => {
      heard = Buffer.concat([heard, data]);
      if (!upgraded) {
        const at = heard.indexOf("\r\n\r\n");
        if (at < 0) return;
        const status = Number(heard.toString("latin1", 9, 12));
        if (status !== 101) { end(status); return; }
        upgraded = true;
        heard = heard.subarray(at + 4);
        socket.emit("upgraded");
      }
      while (heard.length >= 2) {
        const short = heard[1] & 0x7f;
        const header = short === 126 ? 4 : short === 127 ? 10 : 2;
        if (heard.length < header) return;
        const length = short === 126 ? heard.readUInt16BE(2) : short === 127 ? Number(heard.readBigUInt64BE(2)) : short;
        if (heard.length < header + length) return;
        if ((heard[0] & 0x0f) === 8) { end(heard.readUInt16BE(header)); return; }
        heard = heard.subarray(header + length);
      }
    });
    socket.on("close", () => end("cut"));
  });
}

// A frame of a client; its mask is zero.
function frame(opcode, payload, { final = true, declares = payload.length } = {}) {
  const header = Buffer.alloc(14);
  header[0] = (final ? 0x80 : 0) | opcode;
  header[1] = 0xff;
  header.writeBigUInt64BE(BigInt(declares), 2);
  return Buffer.concat([header, payload]);
}

function upgradedThen(act) {
  return (number) => {
    const socket = connect();
    socket.on("upgraded", () => act(socket));
    socket.write(request(tokens[number]));
    return ending(socket);
  };
}

function everySecond(socket, bytes) {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) clearInterval(timer);
    else socket.write(bytes.subarray(at, (at += 1)));
  }, 1_000);
}

const deep = Buffer.from(`{"type":"PING","payload":${"[".repeat(10_000)}${"]".repeat(10_000)}}`);
const KINDS = {
  "never authenticates": [[4401], () => {
    const socket = connect();
    socket.write(request());
    return ending(socket);
  }],
  "upgrades a byte a second": [[408, "cut"], () => {
    const socket = connect();
    everySecond(socket, Buffer.from(request()));
    return ending(socket);
  }],
  "comes from elsewhere": [[403], (number) => {
    const socket = connect();
    socket.write(request(tokens[number], ["Origin: https://evil.example"]));
    return ending(socket);
  }],
  "declares 300 MB": [[4400, "cut"], upgradedThen((socket) => socket.write(frame(1, Buffer.alloc(3_000_000, 120), { declares: 300_000_000 })))],
  "sends a million fragments": [[4429, "cut"], upgradedThen((socket) => {
    const part = frame(0, Buffer.alloc(0), { final: false });
    socket.write(frame(1, Buffer.alloc(0), { final: false }));
    socket.write(Buffer.concat(Array(10_000).fill(part)));
  })],
  "is no UTF-8": [[4400], upgradedThen((socket) => socket.write(frame(1, Buffer.from([0xff, 0xfe, 0xfd]))))],
  "nests 10,000 deep": [[4400], upgradedThen((socket) => socket.write(frame(1, deep)))],
  "sends a byte a second": [[4002], upgradedThen((socket) => everySecond(socket, frame(1, Buffer.alloc(1_000, 120))))],
};

async function judge([name, [expected, open]]) {
  const began = Date.now();
  const endings = await Promise.all(Array.from({ length: COUNT }, (_, number) => open(number)));
  const counts = new Map();
  for (const how of endings) counts.set(how, (counts.get(how) ?? 0) + 1);
  // Whoever is cut while it writes may not hear why; nearly all do.
  const isRight = endings.every((how) => expected.includes(how)) && (counts.get(expected[0]) ?? 0) >= 0.9 * COUNT;
  const said = [...counts].map(([how, count]) => `${count} ${how}`).join(", ");
  console.log(`${isRight ? "right" : "WRONG"}  who ${name}: ${said}, ${((Date.now() - began) / 1_000).toFixed(1)} s`);
  return isRight;
}

const verdicts = [];
for (const kind of Object.entries(KINDS)) verdicts.push(await judge(kind));
process.exit(verdicts.every(Boolean) ? 0 : 1);
