import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfirmedProducer, ensureTopics, FencedPartition, kafkaClient, type KafkaClientOptions } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePorts, ServerProcess, startKafka, temporaryDirectory, type Kafka } from "#testkit";
import { Aggregator, BASE } from "./aggregator.ts";
import { ScriptedKubernetes } from "./scripted-kubernetes.ts";
import { ThrowAwayCa } from "./throw-away-ca.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const topic = { name: "readings", partitions: 2, retentionMs: 3_600_000 };
let broker: Kafka;
let client: KafkaClientOptions;
let admin: Admin;
beforeAll(async () => {
  broker = await startKafka();
  client = { brokers: [broker.address], clientId: "test", log: silentLogger };
  admin = kafkaClient(client).admin();
  await admin.connect();
  await ensureTopics(admin, [topic], { clock: systemClock });
}, 120_000);
afterAll(async () => {
  await admin.disconnect();
  await broker.server[Symbol.asyncDispose]();
});

test("the lag as Kafka has it; held while Kafka is away, then none, never 0; back when Kafka is", async () => {
  const ca = await ThrowAwayCa.create();
  await using kubernetes = await ScriptedKubernetes.start(await ca.issue({ commonName: "api", usage: "server" }));
  kubernetes.setAuthentication(ca.pem, ["front-proxy"]);
  const directory = temporaryDirectory("lag-adapter");
  const put = async (commonName: string): Promise<void> => {
    const pem = await ca.issue({ commonName, usage: "server" });
    for (const name of ["cert", "key"] as const) {
      writeFileSync(join(directory, `${name}.new`), pem[name]);
      renameSync(join(directory, `${name}.new`), join(directory, name));
    }
  };
  await put("first");
  const producer = new ConfirmedProducer({ client, topics: [topic], clock: systemClock });
  const messages = Array.from({ length: 10 }, (_, index) => ({ value: "v", partition: index % 2 }));
  await producer.send([{ topic: topic.name, messages }]);
  const [opsPort, apiPort] = (await freePorts(2)) as [number, number];
  const adapter = await ServerProcess.start({
    name: "lag-adapter",
    command: process.execPath,
    args: [MAIN],
    directory,
    isTemporary: true,
    environment: {
      KAFKA_BROKERS: broker.address,
      POLL_INTERVAL: "200ms",
      HOLD: "4s",
      OPS_PORT: String(opsPort),
      API_PORT: String(apiPort),
      TLS_CERT_FILE: join(directory, "cert"),
      TLS_KEY_FILE: join(directory, "key"),
      KUBECONFIG: kubeconfig(directory, kubernetes.url),
    },
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
  });
  const read = async (name: string): Promise<number | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
    const value = new RegExp(`^${name}{group="bq-writer",topic="readings"} (\\S+)$`, "m").exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  using aggregator = new Aggregator(() => apiPort, await ca.issue({ commonName: "front-proxy" }));
  const ask = async (metric: string): Promise<Asked> => {
    const path = `${BASE}/namespaces/smart-home/${metric}?labelSelector=group%3Dbq-writer`;
    const { status, text } = await aggregator.get(path);
    return { status, value: (JSON.parse(text) as { items?: { value: string }[] }).items?.[0]?.value };
  };
  const asked: Asked[] = [];
  const seen: (number | undefined)[] = [];
  const lagIs = (expected: number | undefined) =>
    eventually(
      `lag ${expected}`,
      async () => {
        const lag = await read("kafka_consumer_lag");
        seen.push(lag);
        asked.push(await ask("kafka_consumer_lag"));
        return lag;
      },
      (lag) => lag === expected,
      { timeoutMs: 60_000 },
    );

  await lagIs(10);
  const fence = { admin, groupId: "bq-writer", topic: topic.name, partition: 0, clock: systemClock, log: silentLogger };
  const fenced = new FencedPartition({ kafka: kafkaClient(client), ...fence });
  await eventually("taken over", () => fenced.takeOver());
  await fenced.commit({ offset: 3n, metadata: "" });
  await lagIs(7);
  expect(await ask("kafka_consumer_lag")).toEqual({ status: 200, value: "7" });
  fenced.close();
  await eventually(
    "the oldest has waited",
    () => read("kafka_consumer_lag_seconds"),
    (age) => (age ?? 0) > 0.5,
  );

  expect(Number.parseInt((await ask("kafka_consumer_lag_seconds")).value ?? "0")).toBeGreaterThan(0);

  asked.length = 0;
  seen.length = 0;
  await broker.server.stop();
  await lagIs(undefined);
  expect(seen.filter((lag) => lag !== undefined && lag !== 7)).toEqual([]);
  expect(await read("kafka_consumer_lag_known")).toBe(0);
  expect(await ask("kafka_consumer_lag")).toEqual({ status: 503, value: undefined });
  expect(asked.filter(({ status, value }) => !(status === 200 ? value === "7" : status === 503))).toEqual([]);
  // An API without a ready pod would break discovery for the whole cluster.
  expect((await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status).toBe(200);
  expect((await aggregator.get(BASE)).status).toBe(200);

  await broker.server.start();
  await lagIs(7);
  await producer.close();
  await put("second");
  await eventually(
    "the renewed certificate",
    () => shownAt(apiPort),
    (name) => name === "second",
    { timeoutMs: 30_000 },
  );
  expect(await ask("kafka_consumer_lag")).toEqual({ status: 200, value: "7" });
  expect(await adapter.stop()).toMatchObject({ code: 0 });
});

interface Asked {
  readonly status: number;
  readonly value: string | undefined;
}

function kubeconfig(directory: string, server: string): string {
  const path = join(directory, "kubeconfig");
  const named = (kind: string, value: object) => [{ name: "x", [kind]: value }];
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "x",
      clusters: named("cluster", { server, "insecure-skip-tls-verify": true }),
      users: named("user", { token: "x" }),
      contexts: named("context", { cluster: "x", user: "x" }),
    }),
  );
  return path;
}

async function shownAt(port: number): Promise<unknown> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}
