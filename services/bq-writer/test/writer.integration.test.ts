import { afterAll, beforeAll, expect, test } from "vitest";
import { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());

test("every valid record becomes one row, every other one a dead letter; SIGTERM leaves nothing behind", async () => {
  const writer = await world.writer();
  await world.produce(2000, { invalidEvery: 100 });
  await world.untilWritten();
  const audit = await world.audit();
  expect(audit).toMatchObject({ valid: 1980, rows: 1980, missing: [], repeated: [], unexpected: [], unburied: [] });
  expect(await writer.process.stop()).toMatchObject({ code: 0 });
});
