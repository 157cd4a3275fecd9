import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { configTable, silentLogger, systemClock } from "#runtime";
import { freePort, startKafka, type Kafka } from "#testkit";
import { readConfig, topicsSchema } from "../config.ts";
import { makeTopics } from "../make-topics.ts";

let kafka: Kafka;
beforeAll(async () => (kafka = await startKafka()));
afterAll(() => kafka.server.stop());

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const context = { clock: systemClock, log: silentLogger, signal: new AbortController().signal };

test("the table of variables is the schema's", () => expect(README).toContain(configTable(topicsSchema)));

test("an argument is refused: exit code 2, and no topic is made", () => {
  const environment = { KAFKA_BROKERS: kafka.address, REPLICATION_FACTOR: "1" };
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "--dry-run"], { env: environment, encoding: "utf8" });
  expect([status, stderr]).toEqual([2, expect.stringContaining("--dry-run is no flag of this program (see --help)")]);
});

test("makes all topics once, and nothing the second time", async () => {
  const { config } = readConfig({ KAFKA_BROKERS: kafka.address, REPLICATION_FACTOR: "1" });
  const names = Object.values(kafkaTopics).map(({ name }) => name);
  expect(await makeTopics(config, context)).toEqual(names);
  expect(await makeTopics(config, context)).toEqual([]);
});

test("more copies than brokers is tried again until WAIT, then an error", async () => {
  const { config } = readConfig({ KAFKA_BROKERS: `127.0.0.1:${await freePort()}`, WAIT: "1s" });
  await expect(makeTopics(config, context)).rejects.toThrow();
});
