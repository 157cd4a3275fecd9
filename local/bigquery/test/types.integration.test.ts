import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arbitraryRow, COLUMNS, plain, type PlainRow } from "../rest/test/arbitrary-row.ts";
import { parseDate, parseDateTime } from "../schema/civil-text.ts";
import { Appender } from "./appender.ts";
import { openTarget, type Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.stop();
});

/** The row as protobuf fields: TIMESTAMP as microseconds, DATE as days, the rest as it is. */
function asMessage(row: PlainRow): PlainRow {
  const kept = Object.entries(row).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([name, value]) => [name, asField(name, value)]));
}

function asField(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => asField(name, each));
  if (name.startsWith("f_record")) return asMessage(value as PlainRow);
  if (name.startsWith("f_timestamp")) return String(parseDateTime(String(value).replace("Z", ""), "literal"));
  return name.startsWith("f_date") && !name.startsWith("f_datetime") ? parseDate(String(value), "literal") : value;
}

describe("rows written as protobuf", () => {
  it("of every type come back equal", { timeout: 120_000 }, async () => {
    const dataset = target.client.dataset(target.datasetId);
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryRow, { minLength: 1, maxLength: 20 }), async (rows) => {
        const id = target.freshTableId();
        await dataset.createTable(id, { schema: { fields: COLUMNS } });
        const newStreamOf = `projects/${target.projectId}/datasets/${target.datasetId}/tables/${id}`;
        const appender = await Appender.open(target.writer, { newStreamOf }, COLUMNS);
        expect(
          await appender.append(
            rows.map((row, n) => ({ n, ...asMessage(row) })),
            0,
          ),
        ).toMatchObject({ stored: true });
        appender.close();
        const query = `SELECT * FROM \`${target.datasetId}.${id}\` ORDER BY n`;
        const [read] = await target.client.query({ query, wrapIntegers: true });
        expect((read as PlainRow[]).map(plain)).toEqual(rows.map((row, n) => ({ n: String(n), ...row })));
        await dataset.table(id).delete();
      }),
      { numRuns: target.embedded ? 40 : 3 },
    );
  });
});
