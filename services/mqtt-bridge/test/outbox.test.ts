import { describe, expect, test } from "vitest";
import { rejectionReasons, type Rejection } from "#events";
import { MAX_PARCEL_BYTES, Outbox } from "../outbox.ts";
import { DEAD_LETTERS, READINGS } from "../route.ts";

const REJECTION: Rejection = { ok: false, reason: "not_json", detail: rejectionReasons.not_json };

/** Fills an outbox: `r` is a reading, `d` a dead letter, with their sizes; names are given in order. */
function filled(...entries: readonly (readonly ["r" | "d", number])[]): Outbox {
  const outbox = new Outbox();
  for (const [index, [kind, size]] of entries.entries())
    outbox.push({
      record: { key: String(index), value: Buffer.alloc(size) },
      rejection: kind === "r" ? undefined : REJECTION,
    });
  return outbox;
}

/** The names of the next parcel's records, by topic. */
function next(outbox: Outbox): Record<string, string> {
  const { topics, readings, deadLetters } = outbox.take();
  expect(topics.reduce((sum, { messages }) => sum + messages.length, 0)).toBe(readings + deadLetters);
  return Object.fromEntries(topics.map(({ topic, messages }) => [topic, messages.map(({ key }) => key).join()]));
}

const HALF = MAX_PARCEL_BYTES / 2;

describe("Outbox.take", () => {
  test.each([
    { case: "nothing", given: filled(), parcels: [{}] },
    { case: "readings only", given: filled(["r", 1], ["r", 1]), parcels: [{ [READINGS]: "0,1" }, {}] },
    { case: "dead letters only", given: filled(["d", 1]), parcels: [{ [DEAD_LETTERS]: "0" }] },
    {
      case: "both kinds leave together, each in order",
      given: filled(["r", 1], ["d", 1], ["r", 1], ["d", 1]),
      parcels: [{ [READINGS]: "0,2", [DEAD_LETTERS]: "1,3" }, {}],
    },
    {
      case: "as many as fit",
      given: filled(["r", HALF - 100], ["r", HALF - 100], ["r", 1000], ["r", 1]),
      parcels: [{ [READINGS]: "0,1" }, { [READINGS]: "2,3" }],
    },
    {
      case: "one that is too large goes alone",
      given: filled(["r", 1], ["r", MAX_PARCEL_BYTES + 1], ["r", 1]),
      parcels: [{ [READINGS]: "0" }, { [READINGS]: "1" }, { [READINGS]: "2" }],
    },
    {
      case: "a dead letter never lets a later reading pass",
      given: filled(["r", HALF], ["d", HALF], ["r", 1]),
      parcels: [{ [READINGS]: "0" }, { [DEAD_LETTERS]: "1", [READINGS]: "2" }],
    },
  ])("$case", ({ given, parcels }) => {
    for (const parcel of parcels) expect(next(given)).toEqual(parcel);
  });

  test("it keeps the order while it is filled and emptied by turns", () => {
    const outbox = new Outbox();
    const taken: string[] = [];
    let pushed = 0;
    for (let round = 0; round < 200; round += 1) {
      for (let more = round % 7; more > 0; more -= 1)
        outbox.push({ record: { key: String(pushed++), value: Buffer.alloc(HALF / 2) }, rejection: undefined });
      taken.push(...(next(outbox)[READINGS]?.split(",") ?? []));
    }
    while (outbox.length > 0) taken.push(...next(outbox)[READINGS]!.split(","));
    expect(taken.map(Number)).toEqual(Array.from({ length: pushed }, (_, index) => index));
  });
});
