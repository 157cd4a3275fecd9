import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { bigQueryClients, type BigQueryClients } from "#bigquery";
import { bigQueryNames } from "#events";
import { toError } from "#runtime";
import { demoDirectory, environment, variable } from "./config.ts";
import { lockData, runningDemo } from "./endpoints.ts";
import { PROJECT } from "./programs.ts";
import { resultTable } from "./result-table.ts";
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

/** A statement ends with a semicolon and may go over several lines. Ctrl-D ends the prompt, Ctrl-C too. */
async function prompt(clients: BigQueryClients): Promise<number> {
  const { uniqueEvents, latest, anomalies, deliveryAudit, events } = bigQueryNames;
  process.stdout.write(
    `GoogleSQL over ${[events, uniqueEvents, latest, anomalies, deliveryAudit].join(", ")}; end a statement with ;\n`,
  );
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "sql> " });
  let statement = "";
  const input = { isOpen: true };
  lines.once("close", () => (input.isOpen = false));
  lines.prompt();
  for await (const line of lines) {
    statement += `${line}\n`;
    if (line.trimEnd().endsWith(";")) {
      await answer(clients, statement.trim().replace(/;$/, ""));
      statement = "";
    } else if (statement.trim() === "") statement = "";
    lines.setPrompt(statement === "" ? "sql> " : "...> ");
    // Input from a pipe may have ended while the answer was under way.
    if (input.isOpen) lines.prompt();
  }
  process.stdout.write("\n");
  return 0;
}
