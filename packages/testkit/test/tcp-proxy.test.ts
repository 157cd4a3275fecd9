import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, portOf, TcpProxy } from "#testkit";

let target: Server;
let proxy: TcpProxy;
const open: Socket[] = [];

/** A server that answers each chunk with itself in capitals. */
beforeEach(async () => {
  target = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => socket.write(chunk.toString().toUpperCase()));
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  proxy = await TcpProxy.start(portOf(target));
});

afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await proxy[Symbol.asyncDispose]();
  target.close();
});

async function client() {
  const socket = connect(proxy.port, "127.0.0.1");
  open.push(socket);
  const seen = { text: "", closed: false };
  socket.on("data", (chunk) => (seen.text += chunk.toString()));
  socket.on("error", () => undefined);
  socket.on("close", () => (seen.closed = true));
  // A refusal may come as a reset in the middle of the handshake.
  await once(socket, "connect").catch(() => undefined);
  return { socket, seen };
}

test("passes bytes both ways and the end of a connection", async () => {
  const { socket, seen } = await client();
  socket.write("hello");
  await eventually(
    "the answer",
    () => seen.text,
    (text) => text === "HELLO",
  );
  socket.end();
  await eventually("closed", () => seen.closed);
});

test("a cut breaks connections and refuses new ones until it is healed", async () => {
  const first = await client();
  proxy.cut();
  await eventually("closed", () => first.seen.closed);
  const second = await client();
  await eventually("closed", () => second.seen.closed);
  proxy.heal();
  const third = await client();
  third.socket.write("a");
  await eventually(
    "the answer",
    () => third.seen.text,
    (text) => text === "A",
  );
});

test("a stall to the client holds answers back, not requests, and loses nothing when it is healed", async () => {
  const requests: string[] = [];
  proxy.onChunk = (direction, chunk) => {
    if (direction === "toServer") requests.push(chunk.toString());
  };
  const { socket, seen } = await client();
  proxy.stall("toClient");
  socket.write("a");
  await eventually(
    "the request went through",
    () => requests,
    (list) => list.join("") === "a",
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen.text).toBe("");
  proxy.heal();
  await eventually(
    "the answer",
    () => seen.text,
    (text) => text === "A",
  );
});

test("an observer can lose the answer to one request", async () => {
  const { socket, seen } = await client();
  proxy.onChunk = (direction) => {
    if (direction === "toClient") proxy.breakConnections();
  };
  socket.write("a");
  await eventually("closed", () => seen.closed);
  expect(seen.text).toBe("");
});

test("slow adds its delay to each way", async () => {
  const { socket, seen } = await client();
  proxy.slow(60);
  const startMs = performance.now();
  socket.write("a");
  await eventually(
    "the answer",
    () => seen.text,
    (text) => text === "A",
    { intervalMs: 2 },
  );
  expect(performance.now() - startMs).toBeGreaterThan(110);
});

test("a target that is away closes the connection, and one that comes back is reached", async () => {
  const port = portOf(target);
  await new Promise((resolve) => target.close(resolve));
  const first = await client();
  await eventually("closed", () => first.seen.closed);
  target = createServer((socket) => socket.end("back")).listen(port, "127.0.0.1");
  await once(target, "listening");
  const second = await client();
  await eventually(
    "the answer",
    () => second.seen.text,
    (text) => text === "back",
  );
});
