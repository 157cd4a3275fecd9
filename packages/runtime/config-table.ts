import type { z } from "zod";
import { variableTypes } from "./config-types.ts";

/** One environment variable, as documentation and error messages know it. */
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly allowed: string;
  readonly meaning: string;
  readonly secret: boolean;
  /** As a person would write it; `undefined`: none. */
  readonly default: string | undefined;
  readonly required: boolean;
}

/** All variables of a schema, in its order. */
export function describeVariables(schema: z.ZodObject): Variable[] {
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  return Object.entries(shape).map(([name, field]) => describeVariable(name, field));
}

/** The Markdown table of a service's variables for its README; CI compares the two. */
export function configTable(schema: z.ZodObject): string {
  const rows = describeVariables(schema).map((variable) => {
    const standard =
      variable.default === undefined ? (variable.required ? "required" : "none") : code(variable.default);
    return `| ${code(variable.name)} | ${variable.type} | ${standard} | ${cell(variable.meaning)} |`;
  });
  return ["| variable | type | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n") + "\n";
}

interface Wrapped {
  readonly innerType?: z.core.$ZodType;
  readonly defaultValue?: unknown;
}

/** Looks through `.default()`, `.optional()` and `.describe()`: each wrapper may carry a part of the description. */
function describeVariable(name: string, field: z.core.$ZodType): Variable {
  let meaning: string | undefined;
  let type = variableTypes.get(field);
  let standard: unknown;
  let required = true;
  for (let layer: z.core.$ZodType | undefined = field; layer !== undefined;) {
    meaning ??= (layer as z.ZodType).description;
    type ??= variableTypes.get(layer);
    // Every wrapper of zod keeps what it wraps under this name; the public union of definitions does not show it.
    const definition = layer._zod.def as Wrapped;
    standard ??= definition.defaultValue;
    if (layer._zod.def.type === "default" || layer._zod.def.type === "optional") required = false;
    layer = definition.innerType;
  }
  const show = (type?.show ?? String) as (value: unknown) => string;
  const secret = type?.secret ?? false;
  return {
    name,
    type: type?.type ?? "text",
    allowed: type?.allowed ?? "a text",
    meaning: meaning ?? "",
    secret,
    default: standard === undefined ? undefined : secret ? "(secret)" : show(standard),
    required,
  };
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
