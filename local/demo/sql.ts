import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { bigQueryClients, type BigQueryClients } from "#bigquery";
import { bigQueryNames } from "#events";
import { toError } from "#runtime";
import { demoDirectory, environment, variable } from "./config.ts";
import { lockData, runningDemo } from "./endpoints.ts";
import { PROJECT } from "./programs.ts";
import { resultTable } from "./result-table.ts";
import { HELP, readInput, TABLES } from "./sql-prompt.ts";
import { bigQueryData, startBigQuery } from "./servers.ts";

const directory = demoDirectory(environment);

/** `make sql`: asks the BigQuery of the demo that runs, or the data that the last one left. */
process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`sql: ${toError(error).message}\n`);
  return 1;
});

async function main(): Promise<number> {
  const running = runningDemo(directory);
  if (running !== undefined) return withClients(running.bigQueryRest, running.bigQueryGrpc);
  if (!existsSync(bigQueryData(directory))) {
    process.stderr.write("There is no data yet: run `make demo` first, here or in another terminal.\n");
    return 1;
  }
  const release = lockData(directory);
  const bigQuery = await startBigQuery(directory, (step) =>
    process.stderr.write(`no demo is running; ${step} with the last one's data\n`),
  );
  try {
    return await withClients(bigQuery.restEndpoint, bigQuery.grpcEndpoint);
  } finally {
    await bigQuery.server.stop();
    release();
  }
}

async function withClients(restEndpoint: string, grpcEndpoint: string): Promise<number> {
  const clients = bigQueryClients({ project: PROJECT, restEndpoint, grpcEndpoint });
  try {
    const query = variable("QUERY");
    return query === undefined ? await prompt(clients) : await answer(clients, query);
  } finally {
    await clients.close();
  }
}

/** 0, or 1 if BigQuery refused the statement. */
async function answer({ rest }: BigQueryClients, query: string): Promise<number> {
  try {
    const [rows] = await rest.query({ query, defaultDataset: { datasetId: bigQueryNames.dataset } });
    process.stdout.write(`${resultTable(rows as Record<string, unknown>[])}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${toError(error).message}\n`);
    return 1;
  }
}

/**
 * Asks again and again until Ctrl-D, Ctrl-C, `\q`, `exit` or `quit`. A statement that is refused does not end it; where
 * the input is no terminal, the exit code is 1 then.
 */
async function prompt(clients: BigQueryClients): Promise<number> {
  process.stdout.write(`GoogleSQL over ${TABLES}; end a statement with ; (help: how, \\q: leave)\n`);
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "sql> " });
  const state = { rest: "", isOpen: true, refused: 0 };
  lines.once("close", () => (state.isOpen = false));
  lines.prompt();
  for await (const line of lines) {
    const input = readInput(state.rest, line);
    state.rest = input.kind === "unfinished" ? input.rest : "";
    if (input.kind === "end") break;
    if (input.kind === "help") process.stdout.write(HELP);
    if (input.kind === "statement") state.refused = Math.max(state.refused, await answer(clients, input.text));
    lines.setPrompt(state.rest === "" ? "sql> " : "...> ");
    // Input from a pipe may have ended while the answer was under way.
    if (state.isOpen) lines.prompt();
  }
  process.stdout.write("\n");
  return process.stdin.isTTY ? 0 : state.refused;
}
