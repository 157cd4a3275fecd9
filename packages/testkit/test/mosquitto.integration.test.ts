import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { startMosquitto, type Mosquitto } from "#testkit";

async function publishRetained(broker: Mosquitto, text: string): Promise<void> {
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  await client.publishAsync("a/b", text, { qos: 1, retain: true });
  await client.endAsync();
}

async function retained(broker: Mosquitto): Promise<string> {
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  const message = new Promise<string>((resolve) =>
    client.once("message", (_topic, payload) => resolve(payload.toString())),
  );
  await client.subscribeAsync("a/b", { qos: 1 });
  const text = await message;
  await client.endAsync();
  return text;
}

test("takes publishes, keeps the retained one over a stop, and comes back on its port after a kill", async () => {
  const broker = await startMosquitto();
  await using server = broker.server;
  await publishRetained(broker, "one");
  expect(await retained(broker)).toBe("one");

  expect(await server.stop()).toMatchObject({ code: 0 });
  await server.start();
  expect(await retained(broker)).toBe("one");

  expect(await server.kill()).toMatchObject({ signal: "SIGKILL" });
  await server.start();
  await publishRetained(broker, "two");
  expect(await retained(broker)).toBe("two");
});

test("a broken setting fails at once with what Mosquitto says", async () => {
  await expect(startMosquitto({ settings: ["no_such_setting true"] })).rejects.toThrow(/no_such_setting/);
});
