import type { Context } from "../context.ts";
import { analyze } from "../expressions/analyze.ts";
import { SqlError } from "../statement.ts";
import { unsupported } from "../syntax/node.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { expect } from "../types/coerce.ts";
import { INT64 } from "../types/sql-type.ts";
import type { Value } from "../types/value.ts";
import { aggregateCall } from "./aggregate-call.ts";
import type { CallInfo, FunctionEntry } from "./entry.ts";
import { functionsNamed } from "./index.ts";
import { knownSignatures } from "./known-signatures.ts";
import { datePart } from "./date-part.ts";
import { argumentTypes, type Match, matchSignature, signature, SYNTAX_PARAMS } from "./signature.ts";

/** A function call outside OVER. */
export function callValue(call: Call, context: Context): Value {
  const entries = entriesOf(call);
  const kind = entries[0]?.kind;
  if (kind === "window")
    throw new SqlError("invalidQuery", `Analytic function ${call.name} cannot be called without an OVER clause`);
  if (kind === "aggregate") return aggregateCall(call, entries, "", context);
  if (call.distinct || call.orderBy.length > 0 || call.limit || call.nulls || call.star)
    throw unsupported("function call", `${call.name} with a modifier`);
  const { entry, match, info } = resolveCall(call, entries, context);
  const sql = entry.emit?.(
    match.args.map((arg) => arg.sql),
    info,
  );
  if (sql === undefined) throw unsupported("function", call.name);
  return { sql, type: match.result };
}

export function entriesOf(call: Call): readonly FunctionEntry[] {
  const entries = functionsNamed(call.name);
  if (entries.length === 0) throw unsupported("function", call.name);
  return entries;
}

export interface Resolved {
  readonly entry: FunctionEntry;
  readonly match: Match;
  readonly info: CallInfo;
}

/** The signature that fits best, with the arguments coerced to it. */
export function resolveCall(call: Call, entries: readonly FunctionEntry[], context: Context): Resolved {
  const parts: string[] = [];
  const partAt: string[] = [];
  const args = call.args.map((arg, index) => {
    if (!entries.some((entry) => SYNTAX_PARAMS.has(paramAt(entry, index)))) return analyze(arg, context);
    return partOrValue(
      arg,
      entries,
      index,
      (part) => {
        parts.push(part);
        partAt[index] = part;
      },
      context,
    );
  });
  const values = args.map((arg) => (arg === undefined || "value" in arg ? undefined : arg));
  const extras = args.flatMap((arg) => (arg !== undefined && "value" in arg ? [arg.value] : []));
  const best = bestMatch(entries, values, false) ?? bestMatch(entries, values, true);
  if (best === undefined) throw noSignature(call.name, entries, values, argumentTypes(values, partAt));
  const all = [...best.match.args, ...extras];
  return {
    entry: best.entry,
    match: { ...best.match, args: all },
    info: { values: all, parts, nowMicros: context.session.input.nowMicros },
  };
}

/** The error for a call that no entry fits: whether BigQuery would take it decides which. */
function noSignature(
  name: string,
  entries: readonly FunctionEntry[],
  values: readonly (Value | undefined)[],
  types: string,
): SqlError {
  const known = knownSignatures(name).find((each) => matchSignature(each.signature, values, true) !== undefined);
  if (known !== undefined) return unsupported("signature", known.text);
  if (values.some((value) => value?.type.kind === "NUMERIC")) return unsupported("argument type", `NUMERIC of ${name}`);
  const supported = entries.map((entry) => entry.signature).join("; ");
  return new SqlError(
    "invalidQuery",
    `No matching signature for function ${name} for argument types: ${types}. Supported here: ${supported}`,
  );
}

/** A signature that needs no coercion wins; else the one that needs least. */
function bestMatch(
  entries: readonly FunctionEntry[],
  values: readonly (Value | undefined)[],
  mayCoerce: boolean,
): { readonly entry: FunctionEntry; readonly match: Match } | undefined {
  let best: { readonly entry: FunctionEntry; readonly match: Match } | undefined;
  for (const entry of entries) {
    const match = matchSignature(signature(entry.signature), values, mayCoerce);
    if (match !== undefined && (best === undefined || match.cost < best.match.cost)) best = { entry, match };
  }
  return best;
}

function paramAt(entry: FunctionEntry, index: number): string {
  return signature(entry.signature).params[index] ?? "";
}

/** A date part or an interval where one may stand; an interval's count comes after the other arguments. */
function partOrValue(
  arg: Expr,
  entries: readonly FunctionEntry[],
  index: number,
  addPart: (part: string) => void,
  context: Context,
): Value | { readonly value: Value } | undefined {
  if (arg.kind === "interval") {
    addPart(arg.unit);
    return { value: expect(analyze(arg.value, context), INT64, "Interval value") };
  }
  const part = entries.some((entry) => paramAt(entry, index) === "PART") ? datePart(arg) : undefined;
  if (part === undefined) return analyze(arg.kind === "atTimeZone" ? refuseZone() : arg, context);
  addPart(part);
  return undefined;
}

function refuseZone(): never {
  throw unsupported("expression", "AT TIME ZONE");
}
