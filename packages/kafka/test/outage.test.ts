import { expect, test } from "vitest";
import { createLogger, ManualClock } from "#runtime";
import { Outage, outageOf } from "../outage.ts";

function world() {
  const clock = new ManualClock();
  const lines: { level: string; message: string; forMs?: number; cause?: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
  const log = createLogger({ name: "part", level: "info", clock, destination });
  return { clock, log, outage: new Outage(log, clock), said: () => lines.splice(0).map((line) => line.message) };
}

test("an outage is said once with its cause, and when it is over with its length", async () => {
  const { clock, outage, said } = world();
  outage.answered();
  for (let at = 0; at < 20; at += 1) {
    outage.failed("refused");
    await clock.advance(1000);
  }
  expect(said()).toEqual(["Kafka does not answer, trying until it does"]);
  outage.answered();
  await clock.advance(14_999);
  outage.answered();
  expect(said()).toEqual([]);
  expect(outage.isOngoing).toBe(true);
  await clock.advance(1);
  expect(said()).toEqual(["Kafka answers again"]);
  expect(outage.isOngoing).toBe(false);
});

test("the length ends with the answer, not with the wait after it", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = createLogger({
    name: "x",
    level: "info",
    clock,
    destination: { write: (line) => void lines.push(line) },
  });
  const outage = new Outage(log, clock);
  outage.failed("refused");
  await clock.advance(7000);
  outage.answered();
  await clock.advance(20_000);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: "warn", cause: "refused" },
    { level: "info", forMs: 7000 },
  ]);
});

test("a reminder comes once a minute, and a broker that only begins to answer does not end it", async () => {
  const { clock, outage, said } = world();
  for (let at = 0; at < 150; at += 1) {
    outage.failed("refused");
    outage.answered();
    await clock.advance(1000);
  }
  expect(said()).toEqual([
    "Kafka does not answer, trying until it does",
    "Kafka still does not answer",
    "Kafka still does not answer",
  ]);
});

test("what follows from it is not said while it lasts", () => {
  const { log, outage, said } = world();
  outage.warn(log, {}, "takeover failed");
  outage.failed("refused");
  said();
  outage.warn(log, {}, "takeover failed");
  expect(said()).toEqual([]);
});

test("whoever has the same logger has the same outage", () => {
  const { log } = world();
  expect(outageOf(log)).toBe(outageOf(log));
  expect(outageOf(log)).not.toBe(outageOf(log.child({})));
});
