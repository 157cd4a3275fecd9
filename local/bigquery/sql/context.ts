import type { WindowSpec } from "./syntax/ast.ts";
import type { Column, PartitionNeed, Scope } from "./scope.ts";
import type { Session } from "./session.ts";

/** A query in DuckDB's SQL and its columns, whose `sql` are their unqualified names. */
export interface Source {
  readonly sql: string;
  readonly columns: readonly Column[];
  /** Filters on partitioning columns that no WHERE has given yet. */
  readonly needs: readonly PartitionNeed[];
}

/** Where an expression stands. */
export interface Context {
  readonly session: Session;
  readonly scope: Scope;
  /** Named subqueries of WITH clauses, innermost last. */
  readonly ctes: readonly { readonly name: string; readonly source: Source }[];
  /** The clause's name if aggregate functions are not allowed here. */
  readonly noAggregates?: string;
  /** The clause's name if window functions are not allowed here. */
  readonly noWindows?: string;
  /** SQL of the grouping expressions of an aggregate query. */
  readonly groupKeys?: ReadonlySet<string>;
  readonly windows: ReadonlyMap<string, WindowSpec>;
}
