import type { SqlType } from "../types/sql-type.ts";

/** A literal as written: its type, and its text (decoded for strings, hexadecimal for bytes). */
export interface LiteralSyntax {
  readonly kind: "literal";
  /** INT64, FLOAT64, STRING, BYTES, or for `DATE '…'` and its like `typed DATE`. */
  readonly type: string;
  readonly text: string;
}
export interface Path {
  readonly kind: "path";
  readonly names: readonly string[];
}
export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expr[];
  readonly star: boolean;
  readonly distinct: boolean;
  readonly nulls?: "IGNORE" | "RESPECT";
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expr;
}
export interface Over {
  readonly kind: "over";
  readonly call: Expr;
  readonly window: WindowSpec;
}
export interface WindowSpec {
  readonly name?: string;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly OrderItem[];
  readonly frame?: Frame;
}
export interface Frame {
  readonly unit: "ROWS" | "RANGE";
  readonly start: Bound;
  readonly end: Bound;
}
export type Bound =
  | { readonly kind: "UNBOUNDED PRECEDING" | "UNBOUNDED FOLLOWING" | "CURRENT ROW" }
  | { readonly kind: "PRECEDING" | "FOLLOWING"; readonly offset: Expr };
export interface OrderItem {
  readonly expr: Expr;
  readonly desc: boolean;
  readonly nulls?: "FIRST" | "LAST";
}
export interface StructItem {
  readonly name?: string;
  readonly value: Expr;
}
export type BinaryOp =
  | "+"
  | "-"
  | "*"
  | "/"
  | "||"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "="
  | "<>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "LIKE"
  | "AND"
  | "OR";

/** An expression as written. Names are not resolved and types unknown. */
export type Expr =
  | LiteralSyntax
  | Path
  | Call
  | Over
  | { readonly kind: "null" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "positional"; readonly index: number }
  | { readonly kind: "field"; readonly base: Expr; readonly name: string }
  | { readonly kind: "index"; readonly base: Expr; readonly index: Expr }
  | { readonly kind: "unary"; readonly op: "-" | "~" | "NOT"; readonly arg: Expr }
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
  | { readonly kind: "distinctFrom"; readonly left: Expr; readonly right: Expr; readonly not: boolean }
  | { readonly kind: "is"; readonly arg: Expr; readonly what: "NULL" | "TRUE" | "FALSE"; readonly not: boolean }
  | { readonly kind: "between"; readonly arg: Expr; readonly low: Expr; readonly high: Expr; readonly not: boolean }
  | { readonly kind: "inList"; readonly arg: Expr; readonly items: readonly Expr[]; readonly not: boolean }
  | { readonly kind: "inQuery"; readonly arg: Expr; readonly query: Query; readonly not: boolean }
  | { readonly kind: "inUnnest"; readonly arg: Expr; readonly array: Expr; readonly not: boolean }
  | {
      readonly kind: "case";
      readonly operand?: Expr;
      readonly whens: readonly (readonly [Expr, Expr])[];
      readonly otherwise?: Expr;
    }
  | { readonly kind: "cast"; readonly arg: Expr; readonly type: SqlType; readonly safe: boolean }
  | { readonly kind: "interval"; readonly value: Expr; readonly unit: string }
  | { readonly kind: "atTimeZone"; readonly arg: Expr; readonly zone: Expr }
  | { readonly kind: "struct"; readonly items: readonly StructItem[]; readonly type?: SqlType }
  | { readonly kind: "array"; readonly items: readonly Expr[]; readonly type?: SqlType }
  | { readonly kind: "arrayQuery"; readonly query: Query }
  | { readonly kind: "scalarQuery"; readonly query: Query }
  | { readonly kind: "exists"; readonly query: Query };

export interface Cte {
  readonly name: string;
  readonly query: Query;
}
export interface Query {
  readonly ctes: readonly Cte[];
  readonly body: Select | SetOperation | Query;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expr;
  readonly offset?: Expr;
}
export interface SetOperation {
  readonly kind: "setOperation";
  readonly op: "UNION ALL" | "UNION DISTINCT" | "EXCEPT DISTINCT" | "INTERSECT DISTINCT";
  readonly left: Query;
  readonly right: Query;
}
export interface Select {
  readonly kind: "select";
  readonly distinct: boolean;
  readonly asStruct: boolean;
  readonly items: readonly SelectItem[];
  readonly from?: FromItem;
  readonly where?: Expr;
  readonly groupBy: readonly Expr[];
  readonly groupByAll: boolean;
  readonly having?: Expr;
  readonly qualify?: Expr;
  readonly windows: readonly { readonly name: string; readonly spec: WindowSpec }[];
}
export type SelectItem =
  | { readonly kind: "expr"; readonly expr: Expr; readonly alias?: string }
  | {
      readonly kind: "star";
      readonly base?: Path;
      readonly except: readonly string[];
      readonly replace: readonly { readonly expr: Expr; readonly name: string }[];
    };
export type FromItem =
  | { readonly kind: "table"; readonly path: readonly string[]; readonly alias?: string }
  | { readonly kind: "subquery"; readonly query: Query; readonly alias?: string }
  | {
      readonly kind: "unnest";
      readonly array: Expr;
      readonly alias?: string;
      readonly withOffset: boolean;
      readonly offsetAlias?: string;
    }
  | {
      readonly kind: "join";
      readonly type: "INNER" | "LEFT" | "RIGHT" | "FULL" | "CROSS";
      readonly left: FromItem;
      readonly right: FromItem;
      readonly on?: Expr;
      readonly using: readonly string[];
    };
