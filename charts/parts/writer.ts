import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import { writerSchema } from "../../services/bq-writer/config.ts";
import type { EnvironmentOf } from "../environment.ts";
import { labelsOf, parts, ports, secrets } from "../names.ts";
import type { Profile } from "../profile.ts";
import { StreamingService } from "../streaming-service.ts";
import type { Traffic } from "../traffic.ts";
import { kafkaBrokers } from "./addresses.ts";

/** ServiceAccount that Workload Identity gives BigQuery's rights to. */
export const WRITER_ACCOUNT = "bigquery-writer";

/** Kafka to BigQuery, exactly once, with as many replicas as the lag asks for. */
export class Writer extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, "writer");
    traffic.allow(parts.writer, parts.kafka, ports.kafka);
    const isGoogle = profile.bigQuery.kind === "google";
    if (isGoogle) traffic.add(parts.writer, "internet", "google-metadata");
    if (isGoogle)
      new k8s.KubeServiceAccount(this, "account", {
        metadata: { name: WRITER_ACCOUNT, labels: labelsOf(parts.writer) },
        automountServiceAccountToken: false,
      });
    new StreamingService(this, {
      profile,
      name: parts.writer,
      program: "services/bq-writer/main.ts",
      nodeFlags: ["--max-semi-space-size=8"],
      workload: "Deployment",
      schema: writerSchema,
      environment: environment(profile),
      resources: profile.writer.resources,
      ...(isGoogle ? { account: WRITER_ACCOUNT } : {}),
    });
  }
}

function environment(profile: Profile): EnvironmentOf<typeof writerSchema> {
  const { bigQuery, writer } = profile;
  return {
    MEMBER_NAME: { field: "metadata.name" },
    ...bothEnds(profile),
    ...(bigQuery.kind === "google" ? { BIGQUERY_LOCATION: bigQuery.location } : {}),
    CREATE_TABLES: "true",
    ...(writer.isThrottled ? { MAX_ROWS_PER_SECOND: String(writer.rowsPerSecond) } : {}),
  };
}

/** Where the readings come from and where they go, for every program of the writer's room. */
export function bothEnds(
  profile: Profile,
): Pick<
  EnvironmentOf<typeof writerSchema>,
  "KAFKA_BROKERS" | "BIGQUERY_PROJECT" | "BIGQUERY_REST_ENDPOINT" | "BIGQUERY_GRPC_ENDPOINT" | "BIGQUERY_TOKEN"
> {
  const { bigQuery, namespace } = profile;
  const ends = { KAFKA_BROKERS: kafkaBrokers(profile), BIGQUERY_PROJECT: bigQuery.project };
  if (bigQuery.kind === "google") return ends;
  const { name, key } = secrets.bigQueryToken;
  return {
    ...ends,
    BIGQUERY_REST_ENDPOINT: `http://${parts.bigQuery}.${namespace}.svc:${ports.bigQueryRest}`,
    BIGQUERY_GRPC_ENDPOINT: `${parts.bigQuery}.${namespace}.svc:${ports.bigQueryGrpc}`,
    BIGQUERY_TOKEN: { secret: name, key },
  };
}
