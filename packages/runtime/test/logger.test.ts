import { expect, test } from "vitest";
import { createLogger, ManualClock } from "#runtime";

function logged(
  level: "info" | "debug",
  write: (log: ReturnType<typeof createLogger>) => void,
): Record<string, unknown>[] {
  const lines: string[] = [];
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
  write(createLogger({ name: "part", level, clock, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line has the clock's time, the service, the level by two names, facts and a constant message", () => {
  expect(logged("info", (log) => log.warn({ partition: 3 }, "append failed"))).toEqual([
    {
      level: "warn",
      severity: "WARNING",
      time: "2026-01-02T03:04:05.006Z",
      service: "part",
      partition: 3,
      message: "append failed",
    },
  ]);
});

test("a child adds its fields, and the level is obeyed", () => {
  const lines = logged("info", (log) => {
    log.debug("not this");
    log.child({ topic: "readings" }).info("this");
  });
  expect(lines).toMatchObject([{ topic: "readings", message: "this" }]);
});

test("an error is written with its code, facts and cause", () => {
  const err = Object.assign(new Error("outer", { cause: new Error("inner") }), { code: "BUSY" });
  expect(logged("debug", (log) => log.error({ err }, "failed"))).toMatchObject([
    { err: { message: "outer", code: "BUSY", cause: { message: "inner" } } },
  ]);
});
