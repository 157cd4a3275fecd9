/**
 * A member of a group that copies each record of one topic to the same partition of another, exactly once: records and
 * offset in one transaction. It runs as a process of its own, so that tests can kill and stop it.
 */
import type { Message } from "kafkajs";
import { FencedConsumer, kafkaClient, type Ownership, type PartitionWorker, type RecordBatch } from "#kafka";
import { createLogger, StopDeadline, systemClock } from "#runtime";

const [address, groupId, from, to, memberName] = process.argv.slice(2) as [string, string, string, string, string];
const clock = systemClock;
const log = createLogger({ name: memberName, level: "info", clock });

class Copier implements PartitionWorker {
  readonly #ownership: Ownership;
  #messages: Message[] = [];
  #nextOffset: bigint;
  #committedOffset: bigint;
  #isDraining = false;
  readonly #loop: Promise<void>;

  constructor(ownership: Ownership) {
    this.#ownership = ownership;
    this.#nextOffset = ownership.startOffset;
    this.#committedOffset = ownership.startOffset;
    this.#loop = this.#run();
  }

  process({ records, nextOffset }: RecordBatch): Promise<void> {
    for (const { key, value } of records) this.#messages.push({ key, value, partition: this.#ownership.partition });
    this.#nextOffset = nextOffset;
    return Promise.resolve();
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#loop;
    await this.#flush();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isDraining) {
        await clock.sleep(20, this.#ownership.signal);
        await this.#flush();
      }
    } catch {
      // The ownership has ended; its successor starts from what is committed.
    }
  }

  async #flush(): Promise<void> {
    if (this.#nextOffset === this.#committedOffset) return;
    const [offset, messages] = [this.#nextOffset, this.#messages];
    this.#messages = [];
    await this.#ownership.commit({ offset, metadata: memberName, records: [{ topic: to, messages }] });
    this.#committedOffset = offset;
  }
}

const consumer = new FencedConsumer({
  kafka: kafkaClient({ brokers: [address], clientId: memberName, log, requestTimeoutMs: 3000 }),
  groupId,
  topic: from,
  memberName,
  clock,
  log,
  takeOver: (ownership) => Promise.resolve(new Copier(ownership)),
  onFatal: (err) => {
    log.fatal({ err }, "fatal");
    process.exit(1);
  },
  sessionTimeoutMs: 3000,
  maxWaitMs: 50,
});

process.on("SIGTERM", () => {
  consumer.stop(new StopDeadline(clock, 10_000)).then(
    () => process.exit(0),
    (err: unknown) => {
      log.error({ err }, "stop failed");
      process.exit(3);
    },
  );
});
await consumer.start();
log.info("running");
