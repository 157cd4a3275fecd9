import type { Request } from "express";

/** The URL under which this client reached the API, for the `selfLink` of resources. */
export function selfBase(request: Request): string {
  return `${request.protocol}://${request.get("host") ?? "localhost"}/bigquery/v2`;
}
