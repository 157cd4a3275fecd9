/** What the tests of the fenced consumer share: topics, members as processes, and the comparison of both topics. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Admin } from "kafkajs";
import { ConfirmedProducer, ensureTopics, kafkaClient, readLag, type Kafka } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, ServerProcess, temporaryDirectory } from "#testkit";

const FIXTURE = fileURLToPath(new URL("fixture-copier.ts", import.meta.url));
export const PARTITIONS = 6;

export class Copying {
  readonly from = `in-${randomUUID()}`;
  readonly to = `out-${randomUUID()}`;
  readonly groupId = `g-${randomUUID()}`;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly #address: string;
  readonly #producer: ConfirmedProducer;
  readonly #members: ServerProcess[] = [];
  #produced = 0;

  constructor(address: string) {
    this.#address = address;
    const client = { brokers: [address], clientId: "test", log: silentLogger };
    this.kafka = kafkaClient(client);
    this.admin = this.kafka.admin({ retry: { retries: 100, maxRetryTime: 1000 } });
    this.#producer = new ConfirmedProducer({
      client,
      topics: [{ name: this.from, partitions: PARTITIONS }],
      clock: systemClock,
    });
  }

  async open(): Promise<this> {
    await this.admin.connect();
    const topics = [this.from, this.to].map((name) => ({ name, partitions: PARTITIONS, retentionMs: 3_600_000 }));
    await ensureTopics(this.admin, topics, { clock: systemClock });
    return this;
  }

  /** Appends numbered records to every partition in turn. */
  async produce(count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => {
      const number = this.#produced++;
      return { value: String(number), partition: number % PARTITIONS };
    });
    await this.#producer.send([{ topic: this.from, messages }]);
  }

  /** Produces a few records every few milliseconds until the result is called. */
  produceInBackground(): () => Promise<void> {
    const state = { isDone: false };
    const loop = (async () => {
      while (!state.isDone) {
        await this.produce(20);
        await systemClock.sleep(20);
      }
    })();
    return () => {
      state.isDone = true;
      return loop;
    };
  }

  async member(name: string): Promise<ServerProcess> {
    const member = await ServerProcess.start({
      name,
      command: process.execPath,
      args: [FIXTURE, this.#address, this.groupId, this.from, this.to, name],
      directory: temporaryDirectory("copier"),
      isTemporary: true,
      isReady: (log) => log.includes("running"),
    });
    this.#members.push(member);
    return member;
  }

  async lag(): Promise<bigint> {
    const partitions = await readLag(this.admin, this.groupId, this.from);
    return partitions.reduce((sum, { lag }) => sum + lag, 0n);
  }

  /** Who committed last, by partition. */
  async committers(): Promise<(string | null)[]> {
    const [group] = await this.admin.fetchOffsets({ groupId: this.groupId, topics: [this.from] });
    return group!.partitions.toSorted((a, b) => a.partition - b.partition).map(({ metadata }) => metadata);
  }

  async untilCopied(timeoutMs: number): Promise<void> {
    await eventually(
      "no lag",
      () => this.lag(),
      (lag) => lag === 0n,
      { timeoutMs, intervalMs: 200 },
    );
  }

  /** Each record of each partition is in the other topic exactly once, in the same order. */
  async expectExactCopy(): Promise<void> {
    const [source, copy] = await Promise.all([this.#read(this.from), this.#read(this.to)]);
    expect(source.flat().length).toBeGreaterThanOrEqual(this.#produced);
    for (const [partition, values] of source.entries()) {
      const copied = copy[partition]!;
      // A replaced producer may have repeated a batch in the source; then the copy repeats it as well.
      const times = (list: readonly string[], value: string): number => list.filter((each) => each === value).length;
      const missing = values.filter((value) => !copied.includes(value));
      const repeated = copied.filter((value) => times(copied, value) > times(values, value));
      expect({ partition, missing, repeated }).toEqual({ partition, missing: [], repeated: [] });
      expect(copy[partition]).toEqual(values);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()));
    await this.#producer.close();
    await this.admin.disconnect();
  }

  /**
   * Everything that is committed in a topic, by partition. By offset, because the reader may itself get a batch twice when
   * its group is moved.
   */
  async #read(topic: string): Promise<string[][]> {
    const seen = Array.from({ length: PARTITIONS }, () => new Map<bigint, string>());
    const ends = await this.admin.fetchTopicOffsets(topic);
    const nextOffsets = new Map<number, bigint>();
    const consumer = this.kafka.consumer({ groupId: `r-${randomUUID()}`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      nextOffsets.set(payload.partition, BigInt(payload.lastOffset) + 1n);
    });
    await consumer.run({
      eachBatch: ({ batch }) => {
        for (const { offset, value } of batch.messages) seen[batch.partition]!.set(BigInt(offset), value!.toString());
        return Promise.resolve();
      },
    });
    const isRead = () => ends.every(({ partition, high }) => (nextOffsets.get(partition) ?? 0n) >= BigInt(high));
    await eventually(`all of ${topic} is read`, isRead, Boolean, { timeoutMs: 60_000 });
    await consumer.disconnect();
    return seen.map((records) => [...records].toSorted(([a], [b]) => Number(a - b)).map(([, value]) => value));
  }
}
