import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaTopics } from "#events";
import { configTable, createLogger, silentLogger, systemClock } from "#runtime";
import { eventually, freePort, startKafka, type Kafka } from "#testkit";
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

test("RETENTION_BYTES bounds the topics that are there and keep by time, and says so", async () => {
  const { config } = readConfig({ KAFKA_BROKERS: kafka.address, RETENTION_BYTES: "256MiB" });
  const lines: string[] = [];
  const log = createLogger({
    ...{ name: "kafka-topics", level: "info", clock: systemClock },
    destination: { write: (line) => void lines.push(line) },
  });
  const changes = async () => {
    lines.length = 0;
    expect(await makeTopics(config, { ...context, log })).toEqual([]);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => "setting" in line);
  };
  const bound = { setting: "retention.bytes", from: "-1", to: String(256 * 1024 * 1024) };
  expect(await changes()).toMatchObject(
    ["readings", "windows-5m", "dead-letters"].map((topic) => ({ topic, ...bound })),
  );
  await eventually("nothing is left to change", changes, (seen) => seen.length === 0);
});

test("a bound below one segment is refused", () => {
  const environment = { KAFKA_BROKERS: kafka.address, RETENTION_BYTES: "63MiB" };
  expect(() => readConfig(environment)).toThrow(/RETENTION_BYTES.*64MiB/);
});

test("more copies than brokers is tried again until WAIT, then an error", async () => {
  const { config } = readConfig({ KAFKA_BROKERS: `127.0.0.1:${await freePort()}`, WAIT: "1s" });
  await expect(makeTopics(config, context)).rejects.toThrow();
});
