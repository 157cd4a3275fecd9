import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { javaVersion, kafkaVersion, mosquittoVersion, type Figure } from "#testkit";
import { benchBigQuery } from "../local/bigquery/bench/bench.ts";
import { benchEndToEnd } from "../local/demo/bench/end-to-end.ts";
import { benchValidator } from "../packages/events/bench/validate.ts";
import { benchWriter } from "../services/bq-writer/bench/bench.ts";
import { benchLagAdapter } from "../services/lag-adapter/bench/answers.ts";
import { benchBridge } from "../services/mqtt-bridge/bench/drain.ts";
import { benchOutageMemory } from "../services/mqtt-bridge/bench/outage-memory.ts";
import { benchSimulator } from "../services/simulator/bench/paced.ts";

/**
 * `make bench`: measures, prints a table, and writes `.local/bench.json` with the machine, the versions and the commit.
 * Figures of a shared machine are noisy; nothing here passes or fails. Arguments are names of parts: only these.
 */
const say = (line: string): void => void process.stderr.write(`  ${line}\n`);

/** One after the other: each has the machine to itself. */
const BENCHES: Readonly<Record<string, (say: (line: string) => void) => Figure[] | Promise<Figure[]>>> = {
  validator: benchValidator,
  "embedded BigQuery": benchBigQuery,
  "mqtt-bridge": benchBridge,
  "mqtt-bridge, Kafka stopped": benchOutageMemory,
  "bq-writer": benchWriter,
  simulator: benchSimulator,
  "lag-adapter": benchLagAdapter,
  "whole pipeline": benchEndToEnd,
};

const chosen = process.argv.slice(2);
const figures: Record<string, readonly Figure[]> = {};
for (const [part, bench] of Object.entries(BENCHES)) {
  if (chosen.length > 0 && !chosen.includes(part)) continue;
  say(part);
  figures[part] = await bench((line) => say(`  ${line}`));
}

for (const [part, rows] of Object.entries(figures)) process.stdout.write(`\n${part}\n${table(rows)}\n`);
const path = save(figures, await serverVersions());
process.stdout.write(`\nwritten to ${path}\n`);

function table(rows: readonly Figure[]): string {
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  return rows
    .map(
      ({ name, value, unit, must }) =>
        `  ${name.padEnd(nameWidth)}  ${shown(value).padStart(9)} ${unit.padEnd(7)} ${must}`,
    )
    .join("\n");
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

async function serverVersions(): Promise<Record<string, string>> {
  const [java, mosquitto] = await Promise.all([javaVersion(), mosquittoVersion()]);
  return { kafka: kafkaVersion(), java, mosquitto };
}

function save(parts: Readonly<Record<string, readonly Figure[]>>, servers: Readonly<Record<string, string>>): string {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  const report = {
    at: new Date().toISOString(),
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
    machine: { cpus: cpus().map((cpu) => cpu.model), kernel: release(), node: process.version },
    servers,
    dependencies,
    parts,
  };
  mkdirSync(".local", { recursive: true });
  writeFileSync(".local/bench.json", `${JSON.stringify(report, null, 2)}\n`);
  return ".local/bench.json";
}
