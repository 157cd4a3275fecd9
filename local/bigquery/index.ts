export { bigQueryLaunch, type Launch } from "./launch.ts";
export { EmbeddedBigQuery, type EmbeddedBigQueryOptions } from "./server.ts";
export type { Fault, FaultCall, FaultKind, FaultSpec } from "./faults/plan.ts";
