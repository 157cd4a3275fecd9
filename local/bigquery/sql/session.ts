import { parameterValue } from "./parameters.ts";
import { SqlError, type TranslateInput } from "./statement.ts";
import type { Value } from "./types/value.ts";
import type { TableRef } from "../schema/table.ts";

/** What the translation of one statement shares: its input, the tables met so far, and names that are still free. */
export class Session {
  readonly input: TranslateInput;
  readonly tables: TableRef[];
  /** Views being expanded, outermost first. */
  readonly views: readonly string[];
  private readonly counter: { next: number };

  constructor(input: TranslateInput, views: readonly string[] = [], counter = { next: 0 }, tables: TableRef[] = []) {
    this.input = input;
    this.views = views;
    this.counter = counter;
    this.tables = tables;
  }

  /** A name that nothing in the statement has: of a relation or a column in DuckDB. */
  fresh(prefix: string): string {
    return `${prefix}${this.counter.next++}`;
  }

  /** The session of a view's own query: no parameters, and names resolve in the view's own project and dataset. */
  forView(name: string, ref: TableRef): Session {
    const input = { ...this.input, parameters: [], projectId: ref.projectId, defaultDatasetId: ref.datasetId };
    return new Session(input, [...this.views, name], this.counter, this.tables);
  }

  named(name: string): Value {
    const found = this.input.parameters.find((parameter) => parameter.name?.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw new SqlError("invalidQuery", `Query parameter '${name}' not found`);
    return parameterValue(found);
  }

  positional(index: number): Value {
    const found = this.input.parameters[index];
    if (found === undefined || found.name !== undefined) {
      throw new SqlError("invalidQuery", `Query parameter not found at position ${index + 1}`);
    }
    return parameterValue(found);
  }
}
