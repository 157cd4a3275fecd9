import { freePort } from "#testkit/ports";
import { ServerProcess } from "#testkit/process";
import { bigQueryLaunch } from "../launch.ts";

/** An embedded BigQuery as a process of its own, on ports that stay the same over restarts. */
export interface BigQueryProcess {
  readonly restPort: number;
  readonly grpcPort: number;
  readonly faultAdminPort: number;
  readonly process: ServerProcess;
  /** Starts it again over the same data, after it ended. */
  restart(): Promise<BigQueryProcess>;
}

/** Starts `main.ts` as a user would; resolves once `/readyz` says so. */
export async function startBigQueryProcess(dataDir: string): Promise<BigQueryProcess> {
  const [restPort, grpcPort, opsPort, faultAdminPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const ports = { restPort, grpcPort, opsPort, faultAdminPort } as Ports;
  return launch(dataDir, ports);
}

interface Ports {
  readonly restPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
  readonly faultAdminPort: number;
}

async function launch(dataDir: string, ports: Ports): Promise<BigQueryProcess> {
  const process_ = await ServerProcess.start({
    name: "embedded-bigquery",
    ...bigQueryLaunch([
      ...["--data-dir", dataDir, "--rest-port", ports.restPort, "--grpc-port", ports.grpcPort],
      ...["--ops-port", ports.opsPort, "--fault-admin", "true", "--fault-admin-port", ports.faultAdminPort],
    ]),
    directory: `${dataDir}-logs`,
    isTemporary: true,
    isReady: async () => (await fetch(`http://127.0.0.1:${ports.opsPort}/readyz`)).ok,
  });
  return { ...ports, process: process_, restart: () => launch(dataDir, ports) };
}
