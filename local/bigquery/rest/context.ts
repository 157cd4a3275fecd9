import type { Request } from "express";
import type { Logger } from "#runtime/logger";
import type { Store } from "../engine/store.ts";
import type { Statement, TranslateInput } from "../sql/statement.ts";
import type { JobRegistry } from "./job-registry.ts";

/** GoogleSQL to DuckDB SQL; throws `SqlError`. */
export type Translate = (input: TranslateInput) => Statement;

/** What every route works with. */
export interface RestContext {
  readonly store: Store;
  readonly translate: Translate;
  readonly jobs: JobRegistry;
  readonly logger: Logger;
}

/** An answer: a body to be written as JSON, or JSON text that is ready, or neither. */
export interface Reply {
  readonly status?: number;
  readonly body?: object;
  readonly text?: string;
}

export type Handler = (request: Request, context: RestContext) => Reply | Promise<Reply>;
