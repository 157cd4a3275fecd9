import { afterAll, beforeAll, expect, test } from "vitest";
import { startKafka, eventually, type Kafka as Broker } from "#testkit";
import { Copying, PARTITIONS } from "./copying.ts";

let broker: Broker;
beforeAll(async () => {
  broker = await startKafka();
}, 120_000);
afterAll(() => broker.server[Symbol.asyncDispose]());

const copying = () => new Copying(broker.address).open();

test("a member copies everything, stops in order with all committed, and its successor goes on", async () => {
  await using work = await copying();
  await work.produce(1000);
  const first = await work.member("a");
  await work.untilCopied(20_000);
  await work.produce(1000);
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  await work.member("a");
  await work.produce(500);
  await work.untilCopied(20_000);
  await work.expectExactCopy();
});

test("members that come and go share the partitions", { timeout: 120_000 }, async () => {
  await using work = await copying();
  const stopProducing = work.produceInBackground();
  const [a] = [await work.member("a")];
  await eventually(
    "a commits everywhere",
    () => work.committers(),
    (names) => names.every((name) => name === "a"),
    {
      timeoutMs: 20_000,
    },
  );
  await work.member("b");
  const isShared = (names: (string | null)[]) =>
    names.filter((name) => name === "a").length === PARTITIONS / 2 && names.filter((name) => name === "b").length === 3;
  await eventually("each commits a half", () => work.committers(), isShared, { timeoutMs: 20_000 });
  expect(await a.stop()).toMatchObject({ code: 0 });
  await eventually(
    "b commits everywhere",
    () => work.committers(),
    (names) => names.every((name) => name === "b"),
    {
      timeoutMs: 20_000,
    },
  );
  await stopProducing();
  await work.untilCopied(20_000);
  await work.expectExactCopy();
});

test("a zombie that wakes up moves no offset and repeats no record", { timeout: 120_000 }, async () => {
  await using work = await copying();
  const stopProducing = work.produceInBackground();
  const zombie = await work.member("zombie");
  await eventually(
    "it commits",
    () => work.committers(),
    (names) => names.every((name) => name === "zombie"),
    {
      timeoutMs: 20_000,
    },
  );
  for (let round = 0; round < 3; round += 1) {
    zombie.pause();
    const heir = await work.member(`heir-${round}`);
    const isTaken = (names: (string | null)[]) => names.every((name) => name === `heir-${round}`);
    await eventually("the heir has everything", () => work.committers(), isTaken, { timeoutMs: 30_000 });
    zombie.resume();
    await eventually(
      "the zombie is a member again",
      () => work.committers(),
      (names) => names.filter((name) => name === "zombie").length === PARTITIONS / 2,
      { timeoutMs: 30_000 },
    );
    expect(await heir.stop()).toMatchObject({ code: 0 });
  }
  await stopProducing();
  await work.untilCopied(20_000);
  await work.expectExactCopy();
});
