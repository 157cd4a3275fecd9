#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { runService } from "#runtime";
import { type BigQueryConfig, environment, readCommandLine } from "./config.ts";
import { EmbeddedBigQuery } from "./server.ts";

// Of the heap a fifth may be garbage before V8 looks for it, instead of as much again: 40 MiB less, at no cost to appends.
setFlagsFromString("--heap-growing-percent=20");

const commandLine = readCommandLine(process.argv.slice(2), environment);

if (commandLine.kind === "help") {
  process.stdout.write(commandLine.text);
} else {
  await runService<BigQueryConfig>({
    name: "embedded-bigquery",
    config: () => commandLine.load(),
    readsArguments: true,
    async start({ config, log, clock, registry }) {
      const server = await EmbeddedBigQuery.start({
        dataDir: config.DATA_DIR,
        host: config.HOST,
        restPort: config.REST_PORT,
        grpcPort: config.GRPC_PORT,
        memoryLimitMib: config.MEMORY_LIMIT_MIB,
        threads: config.THREADS,
        sweepIntervalMs: config.SWEEP_INTERVAL,
        ...(config.BEARER_TOKEN === undefined ? {} : { bearerToken: config.BEARER_TOKEN }),
        ...(config.FAULT_ADMIN ? { faultAdminPort: config.FAULT_ADMIN_PORT } : {}),
        clock,
        log,
        registry,
      });
      const { restPort, grpcPort, faultAdminPort } = server;
      log.info({ restPort, grpcPort, faultAdminPort, dataDir: config.DATA_DIR }, "serving BigQuery");
      return { stop: () => server.stop() };
    },
  });
}
