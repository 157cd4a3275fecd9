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
}

async function sql(query: string): Promise<string> {
  const options = { env: { ...env, QUERY: query } };
  return (await promisify(execFile)(process.execPath, [join(ROOT, "local/demo/sql.ts")], options)).stdout;
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
  expect(await sql("SELECT COUNT(DISTINCT location) AS rooms FROM iot_latest")).toMatch(/│ 10 /);
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
  demo.interrupt();
  expect(await demo.exitCode(), demo.output).toBe(0);
  expect(demo.output).toMatch(/│ house[^]*│ city[^]*Clean: /);

  const wrong = new Demo({}, "--plain", "--fleet", "fleets/nobody.yaml");
  expect(await wrong.exitCode()).toBe(2);
  expect(wrong.output).toMatch(/^\s*demo: [^]*nobody\.yaml: cannot be read/);
  expect(await processesOfDemo()).toEqual([]);
});
