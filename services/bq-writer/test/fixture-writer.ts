/**
 * The writer with something between it and the world: it can kill itself at a step, and judge records otherwise.
 *
 *   node fixture-writer.ts [--die-at <step> --die-after <times>] [--reject-every <n>] [--poison]
 */
import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { runService } from "#runtime";
import { readCommandLine } from "../config.ts";
import type { RowSource } from "../readings.ts";
import { startWriter, type Between } from "../service.ts";
import type { OpenStream, TableWriter } from "../table-writer.ts";
import { diesAt, type Death } from "./deaths.ts";

const { values } = parseArgs({
  options: {
    "die-at": { type: "string" },
    "die-after": { type: "string", default: "1" },
    "reject-every": { type: "string" },
    poison: { type: "boolean", default: false },
  },
});

let timesLeft = Number(values["die-after"]);

function at(step: Death): void {
  if (step !== values["die-at"] || (timesLeft -= 1) > 0) return;
  // Written before it dies: standard error is a file here.
  writeSync(process.stderr.fd, `${diesAt(step)}\n`);
  process.kill(process.pid, "SIGKILL");
}

function dyingStream(stream: OpenStream): OpenStream {
  return {
    name: stream.name,
    close: (reason) => stream.close(reason),
    append: async (rows, offset) => {
      at("before append");
      const outcome = stream.append(rows, offset);
      // The request is on its way, and its answer is not here yet.
      setTimeout(() => at("during append"), 2);
      const told = await outcome;
      at("after append");
      return told;
    },
  };
}

function dyingTable(table: TableWriter): TableWriter {
  return {
    table: table.table,
    defaultStream: table.defaultStream,
    openStream: (stream) => dyingStream(table.openStream(stream)),
    createStream: async () => {
      at("before create");
      const name = await table.createStream();
      at("after create");
      return name;
    },
    finalizeStream: async (stream) => {
      at("before finalize");
      const rows = await table.finalizeStream(stream);
      at("after finalize");
      return rows;
    },
    stored: async (question) => {
      at("before question");
      return table.stored(question);
    },
  };
}

/** Stricter than the validator: every n-th reading of a device is not good enough. */
function stricter(rows: RowSource, every: number): RowSource {
  return (record) => {
    const { seq } = JSON.parse(record.value?.toString() ?? "{}") as { seq?: number };
    return seq !== undefined && seq % every === 0
      ? { ok: false, reason: "bad_value", detail: "stricter" }
      : rows(record);
  };
}

/** A valid reading whose row BigQuery rejects, because nothing of what is required is in it. */
function poisoned(rows: RowSource): RowSource {
  return (record) => {
    const row = rows(record);
    return row.ok && record.value?.includes('"poison"') ? { ...row, bytes: new Uint8Array(0) } : row;
  };
}

const between: Between = {
  table: dyingTable,
  events: (events) => ({
    ...events,
    onCommitted: () => {
      at("after commit");
      events.onCommitted();
    },
  }),
  rows: (rows) => {
    const judged = values["reject-every"] === undefined ? rows : stricter(rows, Number(values["reject-every"]));
    return values.poison ? poisoned(judged) : judged;
  },
};

const command = readCommandLine([]);
if (command.kind === "run")
  await runService({
    name: "bq-writer",
    config: () => command.load(),
    readsArguments: true,
    start: (context) => startWriter(context, between),
  });
