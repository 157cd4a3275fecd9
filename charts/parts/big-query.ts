import { Construct } from "constructs";
import { bigQuerySchema } from "../../local/bigquery/config.ts";
import { parts, ports, secrets } from "../names.ts";
import type { Profile } from "../profile.ts";
import { StreamingService } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";

const DATA_DIR = "/var/lib/bigquery";

/** The embedded BigQuery; the writer reaches it by the same protocol as Google's. */
export class EmbeddedBigQuery extends Construct {
  constructor(
    scope: Construct,
    profile: Profile & { readonly bigQuery: { readonly storage: string } },
    traffic: Traffic,
  ) {
    super(scope, "embedded-bigquery");
    for (const part of [parts.writer, parts.reappend]) {
      traffic.allow(part, parts.bigQuery, ports.bigQueryRest);
      traffic.allow(part, parts.bigQuery, ports.bigQueryGrpc);
    }
    new StreamingService(this, {
      profile,
      name: parts.bigQuery,
      program: "local/bigquery/main.ts",
      nodeFlags: ["--max-semi-space-size=8"],
      workload: "StatefulSet",
      replicas: 1,
      schema: bigQuerySchema,
      environment: {
        DATA_DIR,
        HOST: "0.0.0.0",
        REST_PORT: String(ports.bigQueryRest),
        GRPC_PORT: String(ports.bigQueryGrpc),
        BEARER_TOKEN: { secret: secrets.bigQueryToken.name, key: secrets.bigQueryToken.key },
      },
      resources: { cpu: "150m", memory: "320Mi", memoryLimit: "768Mi" },
      listens: { rest: ports.bigQueryRest, grpc: ports.bigQueryGrpc },
      claim: { name: "data", size: profile.bigQuery.storage, path: DATA_DIR },
    });
  }
}
