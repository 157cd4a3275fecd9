import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { asksForHelp, ConfigError, EXIT_CODES, helpText } from "#runtime";
import { chartSchema, readInputs } from "./config.ts";
import { INPUTS_FILE, MANIFESTS, rememberedInputs } from "./remembered-inputs.ts";
import { manifests, type Manifests } from "./sets.ts";

const HELP = {
  summary: "Makes the Kubernetes manifests of k8s-out/ from charts/.",
  usage: "npx node charts/main.ts --write   (without it: says which files are out of date)",
  schema: chartSchema,
  notes: [
    `What is given once is remembered in k8s-out/${INPUTS_FILE}.`,
    "Exit codes: 0 written, or up to date; 1 out of date; 2 configuration.",
  ],
};

process.exitCode = main();

function main(): number {
  if (asksForHelp(process.argv)) {
    process.stdout.write(helpText(HELP));
    return EXIT_CODES.clean;
  }
  try {
    const inputs = readInputs(undefined, process.argv.slice(2), rememberedInputs());
    const outdated = compare(manifests(inputs), inputs.WRITE);
    return inputs.WRITE || outdated === 0 ? EXIT_CODES.clean : EXIT_CODES.fatal;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`manifests: ${error.message}\n`);
    return EXIT_CODES.config;
  }
}

/** Counts the files that differ, and writes or removes them if asked to. */
function compare(wanted: Manifests, isWriting: boolean): number {
  const present = new Set(filesBelow(MANIFESTS));
  const changed = [...wanted].filter(([path, text]) => read(path) !== text);
  const left = [...present].filter((path) => !wanted.has(path));
  for (const [path, text] of changed) {
    process.stderr.write(`  k8s-out/${path} ${isWriting ? "written" : "is out of date: run `make manifests`"}\n`);
    if (isWriting) write(path, text);
  }
  for (const path of left) {
    process.stderr.write(
      `  k8s-out/${path} ${isWriting ? "removed" : "is not made by charts/: run `make manifests`"}\n`,
    );
    if (isWriting) rmSync(join(MANIFESTS, path));
  }
  return changed.length + left.length;
}

function filesBelow(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(MANIFESTS, path), "utf8");
  } catch {
    return undefined;
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(MANIFESTS, path)), { recursive: true });
  writeFileSync(join(MANIFESTS, path), text);
}
