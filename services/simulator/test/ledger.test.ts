import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectation, Ledger, type Fate } from "../ledger.ts";

const payloadOf = (seq: number): Buffer => Buffer.from(String(seq));

function ledgerOf(capacity: number, ...sensorIds: readonly string[]): Ledger {
  const ledger = new Ledger(capacity);
  for (const sensorId of sensorIds) ledger.add(sensorId, `boot-${sensorId}`);
  return ledger;
}

test("a reading takes the next seq of its device and stays until it is acknowledged", () => {
  const ledger = ledgerOf(10, "a", "b");
  const made = ["a", "a", "b"].map((id) => ledger.make(id, "stored", payloadOf));
  expect(made.map((reading) => [reading?.seq, reading?.payload.toString()])).toEqual([
    [0, "0"],
    [1, "1"],
    [0, "0"],
  ]);
  expect(ledger.waiting).toBe(3);
  expect(ledger.acknowledged("a", 0)).toBe(true);
  expect(ledger.waiting).toBe(2);
});

test("a second acknowledgement of a reading counts nothing", () => {
  const ledger = ledgerOf(10, "a");
  ledger.make("a", "stored", payloadOf);
  ledger.published("a", 0);
  ledger.published("a", 0);
  expect([ledger.acknowledged("a", 0), ledger.acknowledged("a", 0)]).toEqual([true, false]);
  expect(ledger.accounts()).toMatchObject([{ made: 1, sent: 1, repeats: 1, acknowledged: { stored: 1 } }]);
  expect(ledger.waiting).toBe(0);
});

test("a copy published after the acknowledgement is a repeat", () => {
  const ledger = ledgerOf(10, "a");
  ledger.make("a", "stored", payloadOf);
  ledger.published("a", 0);
  ledger.acknowledged("a", 0);
  ledger.published("a", 0);
  expect(ledger.accounts()).toMatchObject([{ sent: 1, repeats: 1 }]);
});

test("without room no reading is made, and no seq is left out", () => {
  const ledger = ledgerOf(2, "a", "b");
  ledger.make("a", "stored", payloadOf);
  ledger.make("b", "stored", payloadOf);
  expect(ledger.make("a", "stored", () => expect.unreachable())).toBeUndefined();
  expect(ledger.notMade).toBe(1);
  ledger.acknowledged("b", 0);
  expect(ledger.make("a", "stored", payloadOf)?.seq).toBe(1);
});

test("what was made but never published cannot have arrived", () => {
  const ledger = ledgerOf(10, "a");
  for (const fate of ["stored", "stored", "stored", "rejected"] as const) ledger.make("a", fate, payloadOf);
  for (const seq of [0, 1, 3]) ledger.published("a", seq);
  ledger.acknowledged("a", 0);
  const [account] = ledger.accounts();
  expect(account).toMatchObject({ made: 4, sent: 3 });
  expect(expectation(account!, "stored")).toEqual({ atLeast: 1, atMost: 2 });
  expect(expectation(account!, "rejected")).toEqual({ atLeast: 0, atMost: 1 });
});

test("accounts are snapshots", () => {
  const ledger = ledgerOf(10, "a");
  ledger.make("a", "stored", payloadOf);
  const [before] = ledger.accounts();
  ledger.published("a", 0);
  ledger.acknowledged("a", 0);
  expect(before).toMatchObject({ sent: 0, acknowledged: { stored: 0 } });
});

describe("names", () => {
  test("a device is added once", () => {
    expect(() => ledgerOf(1, "a", "a")).toThrow("added twice: a");
  });

  test("an unknown device is a mistake", () => {
    expect(() => ledgerOf(1, "a").make("b", "stored", payloadOf)).toThrow("no such device: b");
  });
});

const steps = fc.array(
  fc.record({
    what: fc.constantFrom("make", "publish", "arrive", "acknowledge"),
    fate: fc.constantFrom<Fate>("stored", "rejected"),
    seq: fc.nat({ max: 20 }),
  }),
  { maxLength: 200 },
);

test("whatever happens: bounded, and what arrived lies within the expectation", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 8 }), (given, capacity) => {
      const ledger = ledgerOf(capacity, "a");
      const fates: Fate[] = [];
      const published = new Set<number>();
      const arrived = new Set<number>();
      for (const { what, fate, seq } of given) {
        if (what === "make" && ledger.make("a", fate, payloadOf) !== undefined) fates.push(fate);
        if (seq >= fates.length) continue;
        if (what === "publish") {
          ledger.published("a", seq);
          published.add(seq);
        }
        if (what === "arrive" && published.has(seq)) arrived.add(seq);
        if (what === "acknowledge" && arrived.has(seq)) ledger.acknowledged("a", seq);
        expect(ledger.waiting).toBeLessThanOrEqual(capacity);
      }
      const [account] = ledger.accounts();
      expect(account).toMatchObject({ made: fates.length, sent: published.size });
      for (const fate of ["stored", "rejected"] as const) {
        const count = [...arrived].filter((seq) => fates[seq] === fate).length;
        const { atLeast, atMost } = expectation(account!, fate);
        expect(count).toBeGreaterThanOrEqual(atLeast);
        expect(count).toBeLessThanOrEqual(atMost);
      }
    }),
  );
});
