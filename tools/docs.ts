import { readFileSync, writeFileSync } from "node:fs";
import { eventsPage } from "#events";
import { settingsTable } from "../local/bigquery/config.ts";
import { ROUTES } from "../local/bigquery/rest/index.ts";
import { SUPPORTED_FUNCTIONS } from "../local/bigquery/sql/index.ts";
import { STATEMENTS } from "../local/bigquery/sql/test/statement-table.ts";
import { referenceBlocks } from "../operator/api/reference.ts";
import { replaceBlocks } from "./generated-blocks.ts";

/**
 * The generated parts of the documentation. `--write` writes them; without it a file that is out of date is named and
 * the exit code is 1.
 */
const pages: Readonly<Record<string, (current: string) => string>> = {
  "docs/events.md": () => eventsPage(),
  "docs/sensorfleet.md": (current) => replaceBlocks(current, referenceBlocks()),
  "local/bigquery/README.md": (current) =>
    replaceBlocks(current, {
      settings: settingsTable(),
      calls: ROUTES.map(([name]) => `\`${name}\``).join(", ") + "\n",
      functions: functionTable(),
      statements: statementTable(),
    }),
};

const write = process.argv.includes("--write");
let outdated = 0;
for (const [path, render] of Object.entries(pages)) {
  const current = read(path);
  const wanted = render(current);
  if (current === wanted) continue;
  outdated++;
  if (write) writeFileSync(path, wanted);
  process.stderr.write(`  ${path} ${write ? "written" : "is out of date: run `make docs`"}\n`);
}
process.exitCode = write || outdated === 0 ? 0 : 1;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Functions by the page that documents them. */
function functionTable(): string {
  const byPage = Map.groupBy(SUPPORTED_FUNCTIONS, (entry) => pageOf(entry.source));
  const rows = [...byPage].map(([page, entries]) => {
    const names = [...new Set(entries.map((entry) => `\`${entry.name}\``))].sort();
    return `| ${page} | ${names.join(", ")} |`;
  });
  return ["| documented under | functions |", "| --- | --- |", ...rows].join("\n") + "\n";
}

/** What is tested, by the page that the expected rows come from. */
function statementTable(): string {
  const byPage = Map.groupBy(STATEMENTS, (statement) => pageOf(statement.source));
  const rows = [...byPage].map(([page, statements]) => {
    const names = statements.map((statement) => statement.name.replaceAll("|", "\\|"));
    return `| ${page} | ${statements.length} | ${names.join("; ")} |`;
  });
  return ["| page | statements | about |", "| --- | --- | --- |", ...rows].join("\n") + "\n";
}

function pageOf(source: string): string {
  const page = source.split("#")[0] ?? source;
  return `[${page.split("/").at(-1) ?? page}](${page})`;
}
