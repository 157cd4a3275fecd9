import { beforeEach, describe, expect, test, vi } from "vitest";
import { kafkaErrors, type Commit, type Ownership, type PartitionWorker, type RecordBatch } from "#kafka";
import { ManualClock, silentLogger } from "#runtime";
import { OwnedPartition, type Fence } from "../owned-partition.ts";

/** A fence in memory: it obeys like the real one and can be told to fail. */
class FakeFence implements Fence {
  state: Fence["state"] = "idle";
  committed: Commit | undefined;
  readonly failures: Error[] = [];
  takeovers = 0;

  async takeOver() {
    this.takeovers += 1;
    await this.#fail();
    this.state = "owned";
    const committed = this.committed && { offset: this.committed.offset, metadata: this.committed.metadata };
    return { committed, logStart: 0n, logEnd: 100n, startOffset: committed?.offset ?? 0n };
  }

  async commit(commit: Commit) {
    await this.#fail();
    this.committed = commit;
  }

  async read() {
    await this.#fail();
    const committed = this.committed && { offset: this.committed.offset, metadata: this.committed.metadata };
    return { committed, logStart: 0n, logEnd: 100n };
  }

  close() {
    this.state = "closed";
  }

  async #fail() {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure === undefined) return;
    this.state = "unknown";
    throw failure;
  }
}

const commitUnknown = () => kafkaErrors.create("KAFKA_COMMIT_UNKNOWN", "no answer");

let clock: ManualClock;
let fence: FakeFence;
let log: string[];
let ownerships: Ownership[];
let isOwner: boolean;
let worker: { processed: bigint[]; process: PartitionWorker["process"]; drain: PartitionWorker["drain"] };
let refused: Error[];

beforeEach(() => {
  clock = new ManualClock();
  fence = new FakeFence();
  log = [];
  ownerships = [];
  refused = [];
  isOwner = true;
  const processed: bigint[] = [];
  worker = {
    processed,
    process: (batch) => Promise.resolve(void processed.push(batch.nextOffset)),
    drain: () => Promise.resolve(void log.push("drain")),
  };
});

async function own(): Promise<OwnedPartition> {
  const owned = new OwnedPartition({
    fence,
    clock,
    log: silentLogger,
    warn: () => undefined,
    topic: "readings",
    partition: 3,
    takeOver: (ownership) => {
      ownerships.push(ownership);
      return Promise.resolve(worker);
    },
    confirmOwner: () => (isOwner ? Promise.resolve() : Promise.reject(kafkaErrors.create("KAFKA_NOT_OWNER", "no"))),
    pause: () => log.push("pause"),
    resume: () => log.push("resume"),
    resumeAt: (offset) => log.push(`resume at ${offset}`),
    onRefused: (error) => refused.push(error),
  });
  await clock.advance(0);
  return owned;
}

const batch = (nextOffset: bigint): RecordBatch => ({ records: [], nextOffset, logEnd: 100n });

describe("an owned partition", () => {
  test("is taken over, then consumed from where the takeover said", async () => {
    fence.committed = { offset: 7n, metadata: "m" };
    const owned = await own();
    expect([owned.state, log]).toEqual(["consuming", ["resume at 7"]]);
    expect(await owned.deliver(7n, batch(9n))).toBe(true);
    expect(await owned.deliver(9n, batch(12n))).toBe(true);
    expect(worker.processed).toEqual([9n, 12n]);
  });

  test("lets nothing through before the takeover is done, and tries it again", async () => {
    fence.failures.push(new Error("no coordinator"), new Error("still none"));
    const owned = await own();
    expect([owned.state, await owned.deliver(0n, batch(1n))]).toEqual(["recovering", false]);
    await clock.advance(10_000);
    expect([owned.state, fence.takeovers, clock.pendingTimers]).toEqual(["consuming", 3, 0]);
  });

  test("a batch from before a seek is dropped and the right one asked for", async () => {
    const owned = await own();
    expect(await owned.deliver(50n, batch(60n))).toBe(false);
    expect(log).toEqual(["resume at 0", "resume at 0"]);
    expect(await owned.deliver(0n, batch(5n))).toBe(true);
    expect(await owned.deliver(3n, batch(9n))).toBe(false);
    expect(worker.processed).toEqual([5n]);
  });

  test("a gap that stays a gap when asked again is only markers", async () => {
    const owned = await own();
    expect(await owned.deliver(4n, batch(6n))).toBe(false);
    expect(await owned.deliver(4n, batch(6n))).toBe(true);
    // The next gap is another one.
    expect(await owned.deliver(8n, batch(9n))).toBe(false);
  });

  test("a failed commit ends the ownership, and the group is asked before the partition is taken over again", async () => {
    const owned = await own();
    isOwner = false;
    fence.failures.push(commitUnknown());
    const [first] = ownerships;
    await expect(first!.commit({ offset: 5n, metadata: "" })).rejects.toMatchObject({ code: "KAFKA_COMMIT_UNKNOWN" });
    expect([owned.state, first!.signal.aborted, log.at(-1)]).toEqual(["recovering", true, "pause"]);
    await clock.advance(60_000);
    expect([owned.state, fence.takeovers]).toEqual(["recovering", 1]);
    isOwner = true;
    await clock.advance(2000);
    expect([owned.state, fence.takeovers, ownerships.length]).toEqual(["consuming", 2, 2]);
    await expect(first!.commit({ offset: 6n, metadata: "" })).rejects.toMatchObject({ code: "KAFKA_OWNERSHIP_LOST" });
    expect(fence.committed).toBe(undefined);
  });

  test("a batch that was being processed when the ownership ended does not count as read", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    worker.process = () => promise;
    const owned = await own();
    const delivered = owned.deliver(0n, batch(5n));
    fence.failures.push(commitUnknown());
    await ownerships[0]!.commit({ offset: 1n, metadata: "" }).catch(() => undefined);
    await clock.advance(10_000);
    resolve(undefined);
    expect(await delivered).toBe(false);
    worker.process = () => Promise.resolve();
    expect(await owned.deliver(0n, batch(5n))).toBe(true);
  });

  test("stays as it is over a rebalance when nobody else has committed", async () => {
    const owned = await own();
    await ownerships[0]!.commit({ offset: 5n, metadata: "x" });
    await owned.deliver(0n, batch(8n));
    log.length = 0;
    await owned.keep();
    expect([owned.state, log, fence.takeovers]).toEqual(["consuming", ["pause", "resume at 8"], 1]);
    expect(ownerships[0]!.signal.aborted).toBe(false);
  });

  test.each([
    ["somebody else has committed", () => (fence.committed = { offset: 6n, metadata: "other" })],
    ["somebody else has committed the same offset", () => (fence.committed = { offset: 5n, metadata: "other" })],
    ["the question is not answered", () => fence.failures.push(new Error("timeout"))],
  ])("is taken over again after a rebalance when %s", async (_name, change) => {
    const owned = await own();
    await ownerships[0]!.commit({ offset: 5n, metadata: "x" });
    change();
    await owned.keep();
    await clock.advance(1000);
    expect([owned.state, fence.takeovers, ownerships[0]!.signal.aborted]).toEqual(["consuming", 2, true]);
  });

  test("a worker's retryable failure takes it over again, another one refuses it for good", async () => {
    const owned = await own();
    worker.process = () => Promise.reject(new Error("disk"));
    expect(await owned.deliver(0n, batch(1n))).toBe(false);
    await clock.advance(1000);
    expect([owned.state, fence.takeovers]).toEqual(["consuming", 2]);
    const final = kafkaErrors.create("KAFKA_RECORDS_REFUSED", "too large");
    worker.process = () => Promise.reject(final);
    expect(await owned.deliver(0n, batch(1n))).toBe(false);
    expect([owned.state, refused]).toEqual(["refused", [final]]);
    expect(await owned.deliver(0n, batch(1n))).toBe(false);
  });

  test("a worker may say by itself that it has failed, with the same consequences; of an ended ownership it is not heard", async () => {
    const owned = await own();
    ownerships[0]!.fail(new Error("the sink is lost"));
    expect(ownerships[0]!.signal.aborted).toBe(true);
    expect(owned.state).toBe("recovering");
    await clock.advance(5000);
    expect([owned.state, fence.takeovers]).toEqual(["consuming", 2]);
    ownerships[0]!.fail(new Error("late"));
    expect(owned.state).toBe("consuming");
    ownerships[1]!.fail(kafkaErrors.create("KAFKA_RECORDS_REFUSED", "for good"));
    expect([owned.state, refused.length]).toEqual(["refused", 1]);
  });

  test("a truncated log is refused and not tried again", async () => {
    const truncated = kafkaErrors.create("KAFKA_LOG_TRUNCATED", "above the end");
    fence.failures.push(truncated);
    const owned = await own();
    await clock.advance(60_000);
    expect([owned.state, refused, fence.takeovers]).toEqual(["refused", [truncated], 1]);
  });

  test("released: commits are refused, the fence is closed, waiting ends", async () => {
    fence.failures.push(new Error("no coordinator"));
    const waiting = await own();
    waiting.release(new Error("lost"));
    await clock.advance(60_000);
    expect([waiting.state, fence.state, fence.takeovers, clock.pendingTimers]).toEqual(["released", "closed", 1, 0]);
    fence = new FakeFence();
    const owned = await own();
    owned.release(new Error("lost"));
    await expect(ownerships[0]!.commit({ offset: 1n, metadata: "" })).rejects.toMatchObject({
      code: "KAFKA_OWNERSHIP_LOST",
    });
    expect(await owned.deliver(0n, batch(1n))).toBe(false);
    await owned.drain();
    expect(log).not.toContain("drain");
  });

  test("a worker that paused the intake stays paused over a rebalance until it resumes", async () => {
    const owned = await own();
    ownerships[0]!.pause();
    await owned.keep();
    expect(log).toEqual(["resume at 0", "pause", "pause", "resume at 0", "pause"]);
    ownerships[0]!.resume();
    expect(log.at(-1)).toBe("resume");
    owned.release(new Error("lost"));
    log.length = 0;
    ownerships[0]!.resume();
    expect(log).toEqual([]);
  });

  test("a worker that paused the intake stays paused when a batch is asked for again", async () => {
    const owned = await own();
    ownerships[0]!.pause();
    log.length = 0;
    expect(await owned.deliver(50n, batch(60n))).toBe(false);
    expect(log).toEqual(["resume at 0", "pause"]);
  });

  test("drain goes to the worker", async () => {
    const owned = await own();
    const drain = vi.spyOn(worker, "drain");
    await owned.drain();
    expect(drain).toHaveBeenCalledOnce();
  });
});
