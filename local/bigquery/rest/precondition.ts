import type { Request } from "express";
import { ApiError } from "./api-error.ts";

/** Refuses a change that its sender meant for another version of the resource (header If-Match). */
export function checkIfMatch(request: Request, etag: unknown): void {
  const expected = request.get("if-match");
  if (expected === undefined || expected === "*" || expected === etag) return;
  throw new ApiError("conditionNotMet", "Precondition Failed", "If-Match");
}
