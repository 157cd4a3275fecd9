import { SqlError } from "./statement.ts";
import { memberSql, type Value } from "./types/value.ts";
import { sameName, type SqlType } from "./types/sql-type.ts";

/** A table that must be read through a filter on its partitioning column. */
export interface PartitionNeed {
  readonly table: string;
  readonly field: string;
}

/** A column that a name may refer to. */
export interface Column {
  /** It is the unchanged partitioning column of a table that needs a filter on it. */
  readonly partition?: PartitionNeed;
  readonly name?: string;
  readonly sql: string;
  readonly type: SqlType;
}

/** A table, subquery or UNNEST in a FROM clause. */
export interface Relation {
  readonly alias?: string;
  readonly columns: readonly Column[];
  /** An UNNEST's element: the alias itself is a value. */
  readonly element?: Column;
}

/** The names that expressions of one SELECT may use. Outer scopes are visible in subqueries. */
export class Scope {
  readonly relations: readonly Relation[];
  /** Columns joined by USING: one name for both sides. */
  readonly merged: readonly Column[];
  readonly parent: Scope | undefined;
  /** Select-list aliases, where they are visible. */
  readonly aliases: ReadonlyMap<string, Value>;
  /** Columns of this scope that were used outside an aggregate function and outside a grouping expression. */
  readonly used: string[] = [];
  /** SQL of the grouping expressions, once they are known: these columns may be used anywhere. */
  keys: ReadonlySet<string> = new Set();
  /** Aggregate functions met in this scope. */
  aggregates = 0;

  constructor(
    relations: readonly Relation[],
    parent?: Scope,
    merged: readonly Column[] = [],
    aliases: ReadonlyMap<string, Value> = new Map(),
  ) {
    this.relations = relations;
    this.parent = parent;
    this.merged = merged;
    this.aliases = aliases;
  }

  /** The value of a path `a.b.c`: an alias, a column or an element, then fields of it. */
  resolve(names: readonly string[]): Value {
    const found = this.lookUp(names);
    if (found !== undefined) return found;
    throw new SqlError("invalidQuery", `Unrecognized name: ${names.join(".")}`);
  }

  private lookUp(names: readonly string[]): Value | undefined {
    return this.find(names) ?? this.parent?.lookUp(names);
  }

  private find(names: readonly string[]): Value | undefined {
    const [first = "", second, ...rest] = names;
    const alias = this.aliases.get(first.toLowerCase());
    if (alias !== undefined) return fields(this.unhidden(first, alias), names.slice(1));
    const relation = this.relations.find((candidate) => sameName(candidate.alias, first));
    const column = this.column(first);
    if (relation === undefined) return column && this.use(column, names.slice(1));
    if (relation.element !== undefined) return this.use(relation.element, names.slice(1));
    if (column !== undefined)
      throw new SqlError(
        "notImplemented",
        `name of both a column and a table is not supported by the embedded BigQuery: ${first}`,
      );
    if (second === undefined)
      throw new SqlError(
        "notImplemented",
        `table alias as a value is not supported by the embedded BigQuery: ${first}`,
      );
    const member = relation.columns.filter((candidate) => sameName(candidate.name, second));
    if (member.length > 1) throw new SqlError("invalidQuery", `Column name ${second} is ambiguous`);
    if (member[0] === undefined) throw new SqlError("invalidQuery", `Name ${second} not found inside ${first}`);
    return this.use(member[0], rest);
  }

  /** An alias that hides something else of the FROM clause may mean either in HAVING, QUALIFY and inside expressions. */
  private unhidden(name: string, alias: Value): Value {
    const hidden = this.fromValue(name);
    if (hidden === undefined || hidden.sql === alias.sql) return alias;
    throw new SqlError(
      "notImplemented",
      `name of both a column and a SELECT alias is not supported by the embedded BigQuery in this place: ${name}`,
    );
  }

  /** The column or UNNEST element that a bare name means. */
  fromValue(name: string): Column | undefined {
    const relation = this.relations.find((candidate) => sameName(candidate.alias, name));
    return relation?.element ?? this.column(name);
  }

  /** The column that a bare name means. */
  column(name: string): Column | undefined {
    const merged = this.merged.find((column) => sameName(column.name, name));
    if (merged !== undefined) return merged;
    const found = this.relations.flatMap((relation) =>
      relation.columns.filter((column) => sameName(column.name, name)),
    );
    if (found.length > 1) throw new SqlError("invalidQuery", `Column name ${name} is ambiguous`);
    return found[0];
  }

  private use(column: Column, rest: readonly string[]): Value {
    if (!this.keys.has(column.sql)) this.used.push(column.name ?? "");
    const partition = column.partition && rest.length === 0 ? { partition: column.partition } : {};
    return fields({ sql: column.sql, type: column.type, ...partition }, rest);
  }
}

function fields(base: Value, names: readonly string[]): Value {
  return names.reduce(fieldOf, base);
}

/** `base.name`: a member of a STRUCT, or of a JSON value. */
export function fieldOf(base: Value, name: string): Value {
  if (base.type.kind === "JSON") return jsonMember(base, name);
  if (base.type.kind !== "STRUCT") {
    throw new SqlError("invalidQuery", `Cannot access field ${name} on a value with type ${base.type.kind}`);
  }
  const index = base.type.fields.findIndex((field) => sameName(field.name, name));
  const field = base.type.fields[index];
  if (field === undefined) throw new SqlError("invalidQuery", `Field name ${name} does not exist in STRUCT`);
  return { sql: memberSql(base.sql, base.type, index), type: field.type };
}

/** Names of JSON members are case-sensitive. */
function jsonMember(base: Value, name: string): Value {
  const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return {
    sql: `CASE WHEN json_type(${base.sql}) = 'OBJECT' THEN json_extract(${base.sql}, '${pointer.replaceAll("'", "''")}') END`,
    type: base.type,
  };
}
