import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { eventually, temporaryDirectory } from "#testkit";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const parent = temporaryDirectory("demo");
const env = { ...process.env, DEMO_PARENT_DIRECTORY: parent };
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** `make demo` without make. */
class Demo {
  output = "";
  readonly #child: ChildProcess;

  constructor(more: Readonly<Record<string, string>>, ...args: string[]) {
    this.#child = spawn(process.execPath, [join(ROOT, "local/demo/main.ts"), ...args], {
      env: { ...env, ...more },
      cwd: ROOT,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async exitCode(): Promise<number | null> {
    const [code] = (await once(this.#child, "exit")) as [number | null];
    return code;
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** kill -9 of one of the demo's own programs; false if it does not run just now. */
  async kill(service: string): Promise<boolean> {
    const { stdout } = await promisify(execFile)("ps", ["--ppid", String(this.#child.pid), "-o", "pid=,args="]);
    const line = stdout.split("\n").find((each) => each.includes(`services/${service}/main.ts`));
    if (line === undefined) return false;
    process.kill(Number.parseInt(line, 10), "SIGKILL");
    return true;
  }

  count(text: string): number {
    return this.output.split(text).length - 1;
  }
}

/** `make sql`: one question by `QUERY`, or what somebody types at the prompt. */
async function sql({ query = "", typed = "" }): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { env: { ...env, QUERY: query } };
  const running = promisify(execFile)(process.execPath, [join(ROOT, "local/demo/sql.ts")], options);
  running.child.stdin?.end(typed);
  return running.then(
    (output) => ({ code: 0, ...output }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
}

/** Servers that were started in the demo's directory name it in their command line or write their log there. */
async function processesOfDemo(): Promise<string[]> {
  const { stdout: ps } = await promisify(execFile)("ps", ["-eo", "args"]);
  return ps.split("\n").filter((line) => line.includes(parent));
}

test("the house for 30 seconds ends with a clean audit, and what was stored can still be asked for", async () => {
  const demo = new Demo({}, "--plain", "--duration", "30", "--fleet", "fleets/house.yaml");
  expect(await demo.exitCode(), demo.output).toBe(0);
  expect(demo.output).toMatch(/│ house │ +10 │[^\n]*│ +0 │ +0 │ +0 │\n/);
  expect(demo.output).toContain("Clean: ");
  expect(demo.output).toMatch(/bigquery=[1-9]\d* .*p50=\d+ms/);
  const rooms = "SELECT COUNT(DISTINCT location) AS rooms FROM iot_latest";
  expect((await sql({ query: rooms })).stdout).toMatch(/│ 10 /);
  expect(await sql({ query: "SELECT nonsense" })).toMatchObject({ code: 1, stdout: "" });
  const typed = await sql({ typed: `help\n${rooms}\n;\nSELECT nonsense;\n\\q\nSELECT 17;\n` });
  expect(typed).toMatchObject({ code: 1, stderr: expect.stringContaining("nonsense") as string });
  expect(typed.stdout).toMatch(/leave {5}[^]*│ 10 /);
  expect(typed.stdout).not.toContain("17");
  expect(await processesOfDemo()).toEqual([]);
});

test("a server that does not start ends the demo, and nothing stays behind", async () => {
  const bin = join(parent, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "mosquitto"), "#!/bin/sh\necho no; exit 1\n", { mode: 0o755 });
  const demo = new Demo({ PATH: `${bin}:${process.env["PATH"] ?? ""}` }, "--plain");
  expect(await demo.exitCode()).toBe(1);
  expect(demo.output).toMatch(/demo: mosquitto exited \(1\):\nno/);
  expect(await processesOfDemo()).toEqual([]);
});

test("Ctrl-C stops in order and shows the audit; a fleet that does not exist is said and leaves nothing behind", async () => {
  const demo = new Demo({}, "--plain");
  await eventually("rows", () => /bigquery=[1-9]\d{2}/.test(demo.output), undefined, { timeoutMs: 120_000 });
  const second = new Demo({}, "--plain", "--duration", "5");
  expect(await second.exitCode()).toBe(1);
  expect(second.output).toContain("a demo is running already");
  for (const program of ["mqtt-bridge", "bq-writer"]) {
    expect(await demo.kill(program)).toBe(true);
    await eventually("again", () => demo.output.includes(`${program} ended by itself (SIGKILL)`), undefined, {
      timeoutMs: 30_000,
    });
    const seen = demo.output.length;
    await eventually("rows", () => /bigquery=/.test(demo.output.slice(seen)), undefined, { timeoutMs: 60_000 });
  }
  demo.interrupt();
  expect(await demo.exitCode(), demo.output).toBe(0);
  expect(demo.output).toMatch(/│ house[^]*│ city[^]*Clean: /);

  const wrong = new Demo({}, "--plain", "--fleet", "fleets/nobody.yaml", "--fleet", "fleets/neither.yaml");
  expect(await wrong.exitCode()).toBe(2);
  expect(wrong.output).toMatch(/^\s*demo: [^]*nobody\.yaml: cannot be read[^]*neither\.yaml: cannot be read/);
  expect(await processesOfDemo()).toEqual([]);
});

test("a program that ends again and again is given up, and the audit is still shown", async () => {
  const demo = new Demo({}, "--plain", "--fleet", "fleets/house.yaml");
  await eventually("rows", () => /bigquery=[1-9]/.test(demo.output), undefined, { timeoutMs: 120_000 });
  const killAgain = async (): Promise<boolean> => {
    await demo.kill("bq-writer");
    return demo.output.includes("bq-writer ended again and again");
  };
  await eventually("given up", killAgain, undefined, { timeoutMs: 60_000 });
  expect(await demo.exitCode(), demo.output).toBe(1);
  expect(demo.count("starting it again")).toBeLessThanOrEqual(4);
  expect(demo.output).toMatch(/│ house │ +10 │/);
  expect(demo.output).toContain("demo: bq-writer ended again and again, so the demo ended");
  expect(await processesOfDemo()).toEqual([]);
});
