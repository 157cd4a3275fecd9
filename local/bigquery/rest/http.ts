import express, { type NextFunction, type Request, type RequestHandler, type Response } from "express";
import type { ApiError } from "./api-error.ts";
import { errorBody } from "./api-error.ts";
import type { Handler, RestContext } from "./context.ts";
import { toApiError } from "./error-translation.ts";
import { parseJson } from "./exact-json.ts";
import { asObject, type JsonObject } from "./input.ts";

/** Source: https://cloud.google.com/bigquery/quotas#streaming_inserts (maximum HTTP request size) */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Reads the body, unpacked if it came gzipped, up to {@link MAX_BODY_BYTES}; what it holds is parsed by {@link bodyOf}. */
export function bodyReader(): RequestHandler {
  return express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: true }) as RequestHandler;
}

/** The body as a JSON object; a request without a body has an empty one. */
export function bodyOf(request: Request): JsonObject {
  const bytes: unknown = request.body;
  return Buffer.isBuffer(bytes) && bytes.length > 0 ? asObject(parseJson(bytes.toString("utf8")), "body") : {};
}

export function bodyBytes(request: Request): number {
  const bytes: unknown = request.body;
  return Buffer.isBuffer(bytes) ? bytes.length : 0;
}

/** A part of the path; the route that matched has it. */
export function pathPart(request: Request, name: string): string {
  const value: unknown = request.params[name];
  return typeof value === "string" ? value : "";
}

/** A value of the query string; of several under one name the first. */
export function queryValue(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first : undefined;
}

/** Runs a handler and writes its answer, or its error, as JSON. */
export function answer(handler: Handler, context: RestContext): RequestHandler {
  return async (request, response) => {
    try {
      const { status = 200, body, text } = await handler(request, context);
      send(response, status, text ?? (body ? JSON.stringify(body) : ""));
    } catch (error) {
      sendError(response, toApiError(error, context.logger));
    }
  };
}

/** Answers what was thrown before a handler ran, such as a body that is too large. */
export function errorHandler(context: RestContext) {
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) next(error);
    else sendError(response, toApiError(error, context.logger));
  };
}

export function sendError(response: Response, error: ApiError): void {
  send(response, error.httpStatus, JSON.stringify(errorBody(error)));
}

function send(response: Response, status: number, text: string): void {
  if (text === "") response.status(status === 200 ? 204 : status).end();
  else response.status(status).type("application/json; charset=utf-8").end(text);
}
