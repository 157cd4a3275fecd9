/** Why the store refused: each maps to one HTTP status and reason of the REST API, and to one gRPC code. */
export type StoreErrorReason =
  "notFound" | "duplicate" | "invalid" | "resourceInUse" | "notImplemented" | "backendError";

/** A request that the store refused. Nothing was changed. */
export class StoreError extends Error {
  readonly reason: StoreErrorReason;

  constructor(reason: StoreErrorReason, message: string) {
    super(message);
    this.name = "StoreError";
    this.reason = reason;
  }
}
