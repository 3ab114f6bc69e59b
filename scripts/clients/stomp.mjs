// Clients of the STOMP dialect by @stomp/stompjs, as the front end uses it, beside clients of the JSON dialect
// in one channel: who is shown what, how often, in which order. Exits 0 if all of it is as it must be.
//
// node stomp.mjs API GATEWAY: the base URL of the REST API, and the URL of the sockets. TOKENS in the
// environment is a list of tokens, separated by commas, of users 1, 2, 3, ...

import { Client } from "@stomp/stompjs";
import WebSocket from "ws";

const [api, gateway] = process.argv.slice(2);
const tokens = process.env.TOKENS.split(",");
const MESSAGES = 100;
const PATIENCE = 30_000;
const EVERY_TYPE = [
  "MESSAGE_NEW", "MESSAGE_UPDATED", "MESSAGE_DELETED", "REACTION_ADDED", "REACTION_REMOVED", "TYPING_START", "TYPING_STOP",
  "USER_ONLINE", "USER_OFFLINE", "USER_PRESENCE_CHANGED", "CHANNEL_CREATED", "CHANNEL_UPDATED", "CHANNEL_ARCHIVED",
  "MEMBER_JOINED", "MEMBER_LEFT", "MEMBER_REMOVED", "MEMBER_ROLE_CHANGED", "MESSAGE_READ", "ERROR",
];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, isSo) {
  const end = Date.now() + PATIENCE;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await pause(20);
  }
}

async function call(user, method, path, body) {
  const response = await fetch(api + path, {
    method,
    headers: { authorization: `Bearer ${tokens[user - 1]}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

// A client of the front end's library; notes all that it is shown.
class StompClient {
  constructor(user) {
    this.user = user;
    this.shown = [];
    this.connections = 0;
    this.client = new Client({
      webSocketFactory: () => new WebSocket(gateway, ["v12.stomp", "v11.stomp", "v10.stomp"]),
      connectHeaders: { Authorization: `Bearer ${tokens[user - 1]}` },
      heartbeatIncoming: 10_000,
      heartbeatOutgoing: 10_000,
      reconnectDelay: 100,
      onConnect: () => {
        this.connections += 1;
        this.client.subscribe("/user/queue/events", (message) => {
          const seq = message.headers.seq === undefined ? undefined : Number(message.headers.seq);
          this.shown.push({ ...JSON.parse(message.body), seq, channel: message.headers["channel-id"] });
        });
      },
      onStompError: (frame) => { throw new Error(`user ${user}: ${frame.headers.message}`); },
    });
    this.client.activate();
  }

  send(channel, what, body) {
    this.client.publish({ destination: `/app/channels/${channel}/${what}`, body: JSON.stringify(body) });
  }

  of(type) {
    return this.shown.filter((event) => event.type === type);
  }

  messages(channel) {
    return this.of("MESSAGE_NEW").filter((event) => event.payload.channelId === channel);
  }
}

// A client of the JSON dialect.
class JsonClient {
  constructor(user) {
    this.shown = [];
    this.socket = new WebSocket(`${gateway}?token=${tokens[user - 1]}`);
    this.socket.on("message", (data) => {
      const frame = JSON.parse(data);
      this.shown.push(...(frame.type === "BATCH" ? frame.payload.events : [frame]));
    });
  }

  say(type, payload) {
    this.socket.send(JSON.stringify({ type, payload }));
  }

  isConnected() {
    return this.shown.some((frame) => frame.type === "CONNECTED");
  }

  messages(channel) {
    return this.shown.filter((frame) => frame.type === "NEW_MESSAGE" && frame.channelId === channel);
  }
}

function require(is, what) {
  if (!is) throw new Error(what);
}

// Each was shown every message once, in the order of the seqs.
function requireAll(shown, count, who) {
  const seqs = shown.map((event) => event.seq);
  require(new Set(seqs).size === count && seqs.length === count, `${who} was shown ${seqs.length} messages, not ${count}`);
  require(seqs.every((seq, index) => index === 0 || seqs[index - 1] < seq), `${who} was shown messages out of order`);
}

async function talk(channel, stomps, jsons) {
  for (let turn = 0; turn < MESSAGES; turn += 1) {
    if (turn % 2 === 0) {
      stomps[turn % stomps.length].send(channel, "message", { content: `stomp ${turn}`, type: "STANDARD" });
    } else {
      jsons[turn % jsons.length].say("SEND_MESSAGE", { channelId: channel, content: `json ${turn}` });
    }
    await pause(5);
  }
  for (const client of [...stomps, ...jsons]) {
    await until("all messages are shown", () => client.messages(channel).length >= MESSAGES);
  }
  stomps.forEach((client) => requireAll(client.messages(channel), MESSAGES, `user ${client.user} by STOMP`));
  jsons.forEach((client) => requireAll(client.messages(channel), MESSAGES, "a client of JSON"));
}

// Everything that changes is told in STOMP under its name.
async function change(channel, stomps, jsons) {
  const [first, second] = stomps;
  const message = first.messages(channel)[0].payload.messageId;
  const own = first.messages(channel).find((event) => event.payload.senderId === 1).payload.messageId;
  await call(1, "PATCH", `/messages/${own}`, { content: "edited" });
  await call(2, "POST", `/messages/${message}/reactions`, { emoji: "👍" });
  await call(2, "DELETE", `/messages/${message}/reactions/${encodeURIComponent("👍")}`);
  second.send(channel, "typing", { isTyping: true });
  second.send(channel, "typing", { isTyping: false });
  // Who has read is told in small channels only.
  const small = await call(1, "POST", "/channels/group", { name: "Small", memberIds: [2] });
  const said = await call(1, "POST", `/channels/${small.id}/messages`, { content: "read this" });
  second.send(small.id, "read", { messageId: String(said.id) });
  await call(1, "DELETE", `/messages/${own}`);
  await call(1, "PATCH", `/channels/${channel}`, { name: "Renamed" });
  await call(1, "POST", `/channels/${channel}/members`, { userIds: [900, 901] });
  await call(1, "PATCH", `/channels/${channel}/members/900`, { role: "GUEST" });
  await call(1, "DELETE", `/channels/${channel}/members/900`);
  await call(2, "POST", `/channels/${channel}/leave`);
  await call(3, "PATCH", "/users/me/presence", { status: "BUSY", statusMessage: "Busy" });
  jsons[0].socket.close();
  const other = await call(1, "POST", "/channels/group", { name: "Another", memberIds: [3] });
  await call(1, "POST", `/channels/${other.id}/archive`);
  first.send(channel, "message", { content: " " });
  for (const type of EVERY_TYPE) {
    await until(`${type} is shown`, () => first.of(type).length > 0);
  }
}

// A client whose connection breaks comes back by itself and is shown what comes from then on.
async function reconnect(channel, stomps) {
  const client = stomps[stomps.length - 1];
  client.client.forceDisconnect();
  await until("a client comes back", () => client.connections === 2);
  await pause(500);
  stomps[0].send(channel, "message", { content: "after the break" });
  await until("who came back is shown messages", () =>
    client.messages(channel).some((event) => event.payload.message.content === "after the break"));
}

const everybody = tokens.map((_, index) => index + 1);
const half = Math.ceil(everybody.length / 2);
const channel = (await call(1, "POST", "/channels/group", { name: "Both", memberIds: everybody.slice(1, 101) })).id;
if (everybody.length > 101) {
  await call(1, "POST", `/channels/${channel}/members`, { userIds: everybody.slice(101, 201) });
}
const stomps = everybody.slice(0, half).map((user) => new StompClient(user));
const jsons = everybody.slice(half).map((user) => new JsonClient(user));
for (const client of stomps) await until("clients of STOMP connect", () => client.connections === 1);
for (const client of jsons) await until("clients of JSON connect", () => client.isConnected());
await pause(1_000);
await talk(channel, stomps, jsons);
await change(channel, stomps, jsons);
await reconnect(channel, stomps);
const types = new Set(stomps.flatMap((client) => client.shown.map((event) => event.type)));
console.log(`${stomps.length} clients of STOMP, ${jsons.length} of JSON, ${MESSAGES} messages, each shown to each once; ${types.size} types of events`);
process.exit(0);
