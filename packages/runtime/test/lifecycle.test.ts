import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { EXIT_CODES } from "#runtime";

const FIXTURE = fileURLToPath(new URL("fixture-service.ts", import.meta.url));

interface Line {
  readonly message: string;
  readonly port?: number;
  readonly [field: string]: unknown;
}

/** A real child process, its log lines, and its exit code. */
class Fixture {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  stderr = "";
  readonly exited: Promise<number | null>;
  readonly #waiting: { message: string; resolve: (line: Line) => void }[] = [];

  constructor(behaviour: string, environment: Record<string, string> = {}, args: readonly string[] = []) {
    this.child = spawn(process.execPath, [FIXTURE, ...args], {
      env: { PATH: process.env["PATH"], FIXTURE: behaviour, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.child, "close").then(([code]) => code as number | null);
    this.child.stderr!.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    createInterface({ input: this.child.stdout! }).on("line", (text) => this.#onLine(JSON.parse(text) as Line));
  }

  /** The first line with that message, already written or still to come. */
  line(message: string): Promise<Line> {
    const written = this.lines.find((line) => line.message === message);
    if (written) return Promise.resolve(written);
    return new Promise((resolve) => this.#waiting.push({ message, resolve }));
  }

  async status(path: string): Promise<number> {
    const { port } = await this.line("serving probes and metrics");
    return (await fetch(`http://127.0.0.1:${port!}${path}`)).status;
  }

  #onLine(line: Line): void {
    this.lines.push(line);
    for (const { message, resolve } of this.#waiting) if (message === line.message) resolve(line);
  }
}

const fixtures: Fixture[] = [];
function start(behaviour: string, environment?: Record<string, string>, args?: readonly string[]): Fixture {
  const fixture = new Fixture(behaviour, environment, args);
  fixtures.push(fixture);
  return fixture;
}
afterEach(() => {
  for (const { child } of fixtures.splice(0)) child.kill("SIGKILL");
});

describe("runService", { timeout: 20_000 }, () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s stops in order, within its share of the grace period, with 0",
    async (signal) => {
      const fixture = start("normal", { STOP_GRACE_PERIOD: "10s" });
      await fixture.line("started");
      expect(await fixture.status("/readyz")).toBe(200);
      fixture.child.kill(signal);
      expect(await fixture.exited).toBe(EXIT_CODES.clean);
      expect(fixture.lines.map(({ message }) => message)).toEqual([
        "serving probes and metrics",
        "started",
        "stopping",
        "fixture is stopping",
        "stopped",
      ]);
      expect(fixture.lines.at(-2)).toMatchObject({ budgetMs: 7500, readiness: { service: "stopping" } });
    },
  );

  test("it is alive but not ready while it starts and while it stops", async () => {
    const fixture = start("slow-start slow-stop");
    expect([await fixture.status("/healthz"), await fixture.status("/readyz")]).toEqual([200, 503]);
    const stopping = start("slow-stop");
    await stopping.line("started");
    stopping.child.kill("SIGTERM");
    await stopping.line("fixture is stopping");
    expect([await stopping.status("/healthz"), await stopping.status("/readyz")]).toEqual([200, 503]);
  });

  test("a condition of a part keeps it from being ready", async () => {
    const fixture = start("wait-for-kafka");
    await fixture.line("started");
    expect(await fixture.status("/readyz")).toBe(503);
  });

  test("a signal during the start ends it", async () => {
    const fixture = start("slow-start");
    await fixture.line("serving probes and metrics");
    fixture.child.kill("SIGTERM");
    expect(await fixture.exited).toBe(EXIT_CODES.clean);
    expect(fixture.lines.some(({ message }) => message === "started")).toBe(false);
  });

  test("a stop that takes too long is forced", async () => {
    const fixture = start("slow-stop", { STOP_GRACE_PERIOD: "200ms" });
    await fixture.line("started");
    fixture.child.kill("SIGTERM");
    expect(await fixture.exited).toBe(EXIT_CODES.forced);
  });

  test("a stop that fails is forced", async () => {
    const fixture = start("fail-stop");
    await fixture.line("started");
    fixture.child.kill("SIGTERM");
    expect(await fixture.exited).toBe(EXIT_CODES.forced);
  });

  test("a second signal exits at once", async () => {
    const fixture = start("slow-stop", { STOP_GRACE_PERIOD: "1h" });
    await fixture.line("started");
    fixture.child.kill("SIGTERM");
    await fixture.line("fixture is stopping");
    fixture.child.kill("SIGINT");
    expect(await fixture.exited).toBe(EXIT_CODES.secondSignal);
  });

  test.each([
    ["fail-start", "start failed"],
    ["fail-later", "a part failed"],
    ["reject-later", "unhandled rejection"],
    ["throw-later", "uncaught exception"],
  ])("%s is fatal", async (behaviour, message) => {
    const fixture = start(behaviour);
    expect(await fixture.exited).toBe(EXIT_CODES.fatal);
    expect(fixture.lines.at(-1)).toMatchObject({ level: "fatal", message });
  });

  test("an invalid configuration ends it before anything is opened, with every problem", async () => {
    const fixture = start("", { OPS_PORT: "x", LOG_LEVEL: "loud" });
    expect(await fixture.exited).toBe(EXIT_CODES.config);
    expect(fixture.lines).toEqual([]);
    for (const name of ["FIXTURE", "OPS_PORT", "LOG_LEVEL"]) expect(fixture.stderr).toContain(`- ${name} must be`);
  });

  test.each(["normal", ""])(
    "so does an unknown argument, together with every other problem (%s)",
    async (behaviour) => {
      const fixture = start(behaviour, {}, ["--verbose", "FIXTURE=x"]);
      expect(await fixture.exited).toBe(EXIT_CODES.config);
      expect(fixture.lines).toEqual([]);
      expect(fixture.stderr).toContain("--verbose is no flag of this program (see --help)");
      expect(fixture.stderr).toContain('"FIXTURE=x" is no argument of this program (see --help)');
      expect(fixture.stderr.includes("FIXTURE must be")).toBe(behaviour === "");
    },
  );

  test("a probable typing error is a warning", async () => {
    const fixture = start("normal", { FIXTURES: "x" });
    expect((await fixture.line("unknown environment variable"))["warning"]).toContain("did you mean FIXTURE?");
  });
});
