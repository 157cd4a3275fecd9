import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#runtime";
import { DEATHS } from "./deaths.ts";
import { World } from "./world.ts";

const FIXTURE = fileURLToPath(new URL("fixture-writer.ts", import.meta.url));
const EXACT = { missing: [], repeated: [], unexpected: [], unburied: [] };

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

test("kill -9 at every step, under load, beside another writer: every row exactly once", async () => {
  const stopLoad = world.produceInBackground({ invalidEvery: 50 });
  const other = await world.writer({ name: "writer-1" });
  for (const death of DEATHS) {
    for (const times of ["1", "4"]) {
      const args = ["--die-at", death, "--die-after", times];
      const dying = await world.writer({ name: "writer-0", program: FIXTURE, args, ready: "serving probes" });
      // Some steps need a takeover that finds rows behind the commit: the other writer dies for it.
      const exit = await Promise.race([dying.process.exited, systemClock.sleep(8000).then(() => undefined)]);
      expect(["SIGKILL", undefined]).toContain(exit?.signal);
      if (exit === undefined) await dying.process.kill();
    }
  }
  await stopLoad();
  await world.writer({ name: "writer-0" });
  await world.untilWritten(120_000);
  const audit = await world.audit();
  console.log(
    `kill -9: ${audit.valid} valid records, ${audit.rows} rows, ${await other.metric("writer_takeover_questions_total")} questions by the other writer`,
  );
  expect(audit).toMatchObject({ ...EXACT, rows: audit.valid });
  expect(audit.valid).toBeGreaterThan(5000);
});
