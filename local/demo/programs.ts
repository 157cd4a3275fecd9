import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bigQueryNames } from "#events";
import { toError } from "#runtime";
import { freePort, ServerProcess } from "#testkit";
import { readSamples, type Sample } from "./samples.ts";
import type { Servers } from "./servers.ts";

/** The embedded BigQuery takes any. */
export const PROJECT = "demo";

/** A program whose answer takes longer hangs; without a limit who asks would hang with it, for five minutes. */
const ANSWER_TIMEOUT_MS = 5000;

/** A program that runs and does not answer. */
export class NoAnswer extends Error {}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One of the project's own processes, started as it would be in its container: by its `main.ts` and its environment. */
export interface Program {
  readonly name: string;
  readonly process: ServerProcess;
  /** Address of its probes and metrics. */
  readonly ops: string;
}

/** A program that plays a fleet, and where it leaves its ledger. */
export interface FleetProgram extends Program {
  readonly fleetFile: string;
  readonly ledgerFile: string;
}

export async function startWriter({ directory, kafka, bigQuery }: Servers): Promise<Program> {
  return startProgram(directory, "bq-writer", ["services/bq-writer/main.ts", "--create-tables"], {
    KAFKA_BROKERS: kafka.address,
    MEMBER_NAME: "bq-writer-0",
    BIGQUERY_PROJECT: PROJECT,
    BIGQUERY_DATASET: bigQueryNames.dataset,
    BIGQUERY_REST_ENDPOINT: bigQuery.restEndpoint,
    BIGQUERY_GRPC_ENDPOINT: bigQuery.grpcEndpoint,
  });
}

export async function startBridge({ directory, mosquitto, kafka }: Servers): Promise<Program> {
  return startProgram(directory, "mqtt-bridge", ["services/mqtt-bridge/main.ts"], {
    KAFKA_BROKERS: kafka.address,
    MQTT_URL: mosquitto.url,
    MQTT_CLIENT_ID: "mqtt-bridge-0",
  });
}

/** Devices start after the bridge's session exists, or their first readings would find no subscriber. */
export async function startFleet({ directory, mosquitto }: Servers, fleetFile: string): Promise<FleetProgram> {
  const name = `simulator-${basename(fleetFile).replace(/\.[^.]*$/, "")}`;
  const ledgerFile = join(directory, `${name}.ledger.json`);
  const program = await startProgram(directory, name, ["services/simulator/main.ts"], {
    FLEET_FILE: fleetFile,
    MQTT_URL: mosquitto.url,
    LEDGER_FILE: ledgerFile,
  });
  return { ...program, fleetFile, ledgerFile };
}

async function startProgram(
  directory: string,
  name: string,
  [main = "", ...flags]: readonly string[],
  environment: Record<string, string>,
): Promise<Program> {
  const opsPort = await freePort();
  const ops = `http://127.0.0.1:${opsPort}`;
  const process_ = await ServerProcess.start({
    name,
    command: process.execPath,
    args: [join(ROOT, main), ...flags],
    environment: { ...environment, OPS_PORT: String(opsPort) },
    directory,
    isTemporary: false,
    isReady: async () => (await ask(`${ops}/readyz`)).ok,
    readyTimeoutMs: 60_000,
  });
  return { name, process: process_, ops };
}

/**
 * What the programs say about themselves, all together.
 *
 * @throws NoAnswer if one of them is silent for five seconds.
 */
export async function samplesOf(programs: readonly Program[]): Promise<Sample[]> {
  const texts = await Promise.all(programs.map(metricsOf));
  return texts.flatMap(readSamples);
}

async function metricsOf({ name, ops }: Program): Promise<string> {
  try {
    return await (await ask(`${ops}/metrics`)).text();
  } catch (error) {
    if (toError(error).name !== "TimeoutError") throw error;
    throw new NoAnswer(`${name} does not answer within ${ANSWER_TIMEOUT_MS} ms`, { cause: error });
  }
}

/** The signal ends the reading of the body too. */
function ask(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
}
