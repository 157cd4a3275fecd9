import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../../../packages/runtime/logger.ts";
import { systemClock } from "../../../../packages/runtime/clock.ts";
import { Store } from "../../engine/store.ts";
import { createRestApp, type RestOptions } from "../index.ts";
import { type ContractTarget, localClient, realTarget } from "./client.ts";
import { translate } from "../../sql/index.ts";

/** An embedded BigQuery's REST side in this process, over a directory of its own. */
export interface LocalServer {
  readonly port: number;
  readonly store: Store;
  readonly resultsDir: string;
  stop(): Promise<void>;
}

export async function startServer(options: Partial<RestOptions> = {}): Promise<LocalServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "bq-rest-"));
  const store = await Store.open({ dataDir, memoryLimitMib: 256, threads: 2 });
  const resultsDir = join(dataDir, "results");
  const logger = createLogger({ name: "bigquery", level: "error", clock: systemClock });
  const app = createRestApp({ store, translate, resultsDir, logger, ...options });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await app.close();
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { port: (server.address() as AddressInfo).port, store, resultsDir, stop };
}

/** What the contract tests run against: real BigQuery if the environment names it, else an embedded one. */
export interface Target extends ContractTarget {
  /** The embedded server; undefined for real BigQuery, where tests marked as the engine's own do not run. */
  readonly local: LocalServer | undefined;
  stop(): Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const real = realTarget();
  if (real) return { ...real, local: undefined, stop: () => Promise.resolve() };
  const local = await startServer();
  const client = localClient(local.port, "test-project");
  await client.createDataset("contract");
  return { client, projectId: "test-project", datasetId: "contract", local, stop: () => local.stop() };
}

/** True if the tests run against the embedded server: for `test.runIf`. */
export const isLocal = realTarget() === undefined;

/** A name that no other run uses. */
export function uniqueId(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString("hex")}`;
}
