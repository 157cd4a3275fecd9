import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CODES, runCommand } from "#runtime";
import { Cluster } from "./cluster.ts";
import { demoSchema, devicesFor, readConfig, type DemoConfig } from "./config.ts";
import { judge, problems, type Verdict } from "./judge.ts";
import { run } from "./run.ts";
import { csv, line, type Sample } from "./sample.ts";
import { timelineSvg } from "./timeline.ts";

const HELP = {
  summary: "Shows writers following the lag: turns a fleet up, and down again when the autoscaler has caught up.",
  usage: "make hpa-demo   (DEVICES=4000 make hpa-demo)",
  schema: demoSchema,
  notes: ["Exit codes: 0 the writers grew, the lag went and one writer is left; 1 not so; 2 configuration."],
};

process.exitCode = await runCommand({
  name: "hpa-demo",
  help: HELP,
  stopped: "stopped before the end",
  run: async (signal) => {
    const config = readConfig(undefined, process.argv.slice(2));
    return show(config, await Cluster.open(config.KUBECONFIG, config.NAMESPACE), signal);
  },
});

async function show(config: DemoConfig, cluster: Cluster, signal: AbortSignal): Promise<number> {
  await cluster.check();
  const { lag: target, appendRate } = await cluster.targetsPerWriter();
  const devices = config.DEVICES ?? devicesFor(appendRate);
  say(
    `${devices} devices, one reading a second each; the autoscaler wants a writer for every ${target} records of lag, or ${appendRate} a second that come`,
  );
  const samples: Sample[] = [];
  const onSample = (sample: Sample): void => {
    samples.push(sample);
    say(line(sample));
  };
  let isOver: boolean;
  try {
    const onWait = (): void => say("waiting until one writer is left of the load before …");
    isOver = await run(cluster, config, { devices, target, onSample, onWait, signal });
  } finally {
    // Also of a run that failed: what it saw until then tells why.
    write(config, samples, target);
  }
  const verdict = judge(samples, target);
  const wrong = problems(verdict);
  say(summary(verdict));
  if (signal.aborted) say("stopped before the end");
  else if (isOver) say(`it took longer than PATIENCE allows`);
  for (const each of wrong) say(`not as it should be: ${each}`);
  return wrong.length === 0 ? EXIT_CODES.clean : EXIT_CODES.fatal;
}

function write({ OUTPUT }: DemoConfig, samples: readonly Sample[], target: number): void {
  const [table, picture] = [join(OUTPUT, "timeline.csv"), join(OUTPUT, "timeline.svg")];
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(table, csv(samples));
  writeFileSync(picture, timelineSvg(samples, target));
  say(`written: ${table}, ${picture}`);
}

function summary(verdict: Verdict): string {
  const seconds = (value: number | undefined): string => (value === undefined ? "never" : `${Math.round(value)} s`);
  return [
    "",
    `  lag over target → more writers wanted   ${seconds(verdict.decisionSeconds)}`,
    `  most writers                            ${verdict.mostWriters}`,
    `  highest lag                             ${Math.round(verdict.highestLag).toLocaleString("en")} records`,
    `  load off → lag drained                  ${seconds(verdict.drainSeconds)}`,
    `  load off → one writer                   ${seconds(verdict.backToOneSeconds)}`,
    `  changes of direction                    ${verdict.directionChanges}`,
    "",
  ].join("\n");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
