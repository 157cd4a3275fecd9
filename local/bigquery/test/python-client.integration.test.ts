import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbedded } from "./target.ts";

/** A client that nobody here wrote, in a language that nobody here used, is the judge. */
const run = promisify(execFile);
const here = fileURLToPath(new URL("./python/", import.meta.url));
const root = fileURLToPath(new URL("../../../", import.meta.url));
const environment = join(root, ".local", "python-bigquery");
const SETUP_TIMEOUT_MS = 300_000;

/** A virtual environment with the pinned clients, made once and made anew when the pins change. */
async function pythonWithClients(): Promise<string> {
  const python = join(environment, "bin", "python");
  const requirements = join(here, "requirements.txt");
  const installed = join(environment, "requirements.txt");
  if (existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(requirements, "utf8")) return python;
  await run("python3", ["-m", "venv", "--clear", environment]).catch((cause: unknown) => {
    throw new Error("python3 with its venv module is needed for this test: apt-get install python3-venv", { cause });
  });
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  await run("cp", [requirements, installed]);
  return python;
}

let target: Awaited<ReturnType<typeof openEmbedded>>;
let python: string;
beforeAll(async () => {
  python = await pythonWithClients();
  target = await openEmbedded();
}, SETUP_TIMEOUT_MS);
afterAll(async () => {
  await target.stop();
});

describe("Google's Python clients", () => {
  it("create, write with offsets, query and page", async () => {
    const { restPort, grpcPort } = target.embedded;
    const args = [join(here, "judge.py"), `http://127.0.0.1:${restPort}`, `127.0.0.1:${grpcPort}`, "p"];
    const { stdout } = await run(python, args);
    const at = (seq: number): string => `2026-11-22T00:00:00.12345${6 + seq}+00:00`;
    expect(JSON.parse(stdout)).toEqual({
      schema: [
        ["sensor_id", "STRING", "REQUIRED", "who measured"],
        ["seq", "INTEGER", "REQUIRED", null],
        ["measured_at", "TIMESTAMP", "NULLABLE", null],
        ["value", "FLOAT", "NULLABLE", null],
      ],
      partitioning: ["DAY", "measured_at"],
      clustering: ["sensor_id"],
      write: {
        first: 0,
        second: 2,
        again: "AlreadyExists",
        gap: "OutOfRange",
        "bad row": "InvalidArgument",
        finalized: 5,
        late: "FailedPrecondition",
      },
      query: [1, 2, 3]
        .map((seq) => ["s1", seq, at(seq), seq / 4])
        .concat([["s1", 4, "2026-11-22T00:00:00.123460+00:00", 1]]),
      "insert errors": [0, 1],
      pages: 3,
      "unknown table": "NotFound",
    });
  });
});
