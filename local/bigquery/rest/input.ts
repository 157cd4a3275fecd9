import { ApiError, invalid, notImplemented } from "./api-error.ts";

/** A JSON object as it came in; nothing of it has been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object, or the error that names `path`. */
export function asObject(value: unknown, path: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw value === undefined || value === null
    ? new ApiError("required", `Required parameter is missing: ${path}`, path)
    : invalid(`Invalid value at '${path}': an object is expected`, path);
}

export function optionalObject(value: unknown, path: string): JsonObject | undefined {
  return value === undefined || value === null ? undefined : asObject(value, path);
}

export function optionalArray(value: unknown, path: string): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value as readonly unknown[];
  throw invalid(`Invalid value at '${path}': an array is expected`, path);
}

export function optionalString(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw invalid(`Invalid value at '${path}': a string is expected`, path);
}

export function requiredString(value: unknown, path: string): string {
  const text = optionalString(value, path);
  if (text === undefined || text === "") throw new ApiError("required", `Required parameter is missing: ${path}`, path);
  return text;
}

/** A boolean of a body, or the text of one in a query string (the Python client writes `True`). */
export function optionalBoolean(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "boolean") return value;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (text === "true" || text === "false") return text === "true";
  throw invalid(`Invalid value at '${path}': true or false is expected`, path);
}

/** A number or the text of one (the API writes 64-bit integers as strings), not negative and exact as a double. */
export function optionalCount(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : NaN;
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw invalid(`Invalid value at '${path}': a whole number from 0 is expected`, path);
}

/** Refuses every member that says something and is not in `allowed`: nothing a client asks for is ignored silently. */
export function refuseOthers(object: JsonObject, allowed: ReadonlySet<string>, path: string): void {
  for (const [name, value] of Object.entries(object)) {
    if (!allowed.has(name) && saysSomething(value)) throw notImplemented(`${path}.${name}`);
  }
}

/** False for what the clients send to say "not set": null, false, "", 0, [] and {} of such. */
export function saysSomething(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(saysSomething);
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0 && value !== "0";
}
