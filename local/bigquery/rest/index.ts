import express, { type Express, type RequestHandler } from "express";
import { silentLogger, type Logger } from "#runtime/logger";
import type { Store } from "../engine/store.ts";
import { ApiError } from "./api-error.ts";
import type { RestContext, Translate } from "./context.ts";
import { answer, bodyReader, errorHandler, sendError } from "./http.ts";
import { DEFAULT_JOB_LIMITS, type JobLimits, JobRegistry } from "./job-registry.ts";
import { apiRouter, unknownPath, uploadRouter } from "./routes.ts";

export type { Translate } from "./context.ts";
export { ROUTES } from "./routes.ts";

export interface RestOptions {
  readonly store: Store;
  readonly translate: Translate;
  /** Directory for results that are too large for memory. Its content is deleted at start: give it no other use. */
  readonly resultsDir: string;
  /** Told about failures that no client caused; silent without one. */
  readonly logger?: Logger;
  /** Whether a request with this bearer token (undefined: without one) may pass. Absent: every request may. */
  readonly authorize?: (bearerToken: string | undefined) => boolean;
  /** Runs after the token check and before a request's body is read, e.g. to delay, refuse or drop it in tests. */
  readonly faults?: RequestHandler;
  readonly jobLimits?: JobLimits;
}

/** The application, and the end of what it has under way. */
export type RestApp = Express & {
  /** Stops running jobs: to be awaited after the server took its last request and before the store is closed. */
  readonly close: () => Promise<void>;
};

/**
 * BigQuery's REST API over a store, as an express application without health checks or metrics; mount those before it.
 *
 * It answers below `/bigquery/v2/projects/…` and below `/projects/…`, the two forms in which the official clients ask
 * when their endpoint is overridden. Source: https://cloud.google.com/bigquery/docs/reference/rest
 */
export function createRestApp(options: RestOptions): RestApp {
  const context = restContext(options);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(tokenCheck(options.authorize));
  if (options.faults) app.use(options.faults);
  app.use("/upload", uploadRouter(context));
  app.use("/resumable", uploadRouter(context));
  app.use(bodyReader());
  app.use("/bigquery/v2", apiRouter(context));
  app.use(apiRouter(context));
  app.use(answer(unknownPath, context));
  app.use(errorHandler(context));
  return Object.assign(app, { close: () => context.jobs.close() });
}

function restContext({ store, translate, resultsDir, jobLimits, logger }: RestOptions): RestContext {
  const jobs = new JobRegistry(resultsDir, store.clock, jobLimits ?? DEFAULT_JOB_LIMITS);
  return { store, translate, jobs, logger: logger ?? silentLogger };
}

function tokenCheck(authorize: RestOptions["authorize"]): RequestHandler {
  return (request, response, next) => {
    const token = /^Bearer (.+)$/i.exec(request.get("authorization") ?? "")?.[1];
    if (!authorize || authorize(token)) next();
    else sendError(response, new ApiError("authError", "Request had invalid authentication credentials."));
  };
}
