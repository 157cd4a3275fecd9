import { LABEL_PATTERN } from "#fleets";
import { reasons } from "../controllers/reasons.ts";
import { DURATION_PATTERN } from "./cel.ts";
import { columns, statusSchema } from "./crd.ts";
import { DURATION_WORDS, SHARE_WORDS, type Schema } from "./schema-types.ts";
import { conditionMeanings } from "./sensor-fleet.ts";
import { specSchema } from "./spec-schema.ts";

/** The generated parts of `docs/sensorfleet.md`, made of what the API server is given. */
export function referenceBlocks(): Readonly<Record<string, string>> {
  const spec = fieldsOf("spec", specSchema);
  return {
    fields: table(["field", "type", "default", "bounds", "meaning"], spec.filter(isTold).map(fieldRow)),
    rules: spec.flatMap(rulesOf).join("\n") + "\n",
    columns: table(
      ["column", "shown", "meaning"],
      columns.map(({ name, priority = 0, description = "" }) => [
        name,
        priority === 0 ? "always" : "`-o wide`",
        description,
      ]),
    ),
    conditions: table(["condition", "holds when"], Object.entries(conditionMeanings)),
    reasons: table(
      ["reason", "meaning"],
      Object.entries(reasons).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
    ),
    status: table(
      ["field", "type", "meaning"],
      fieldsOf("status", statusSchema)
        .filter((field) => isTold(field) && !field.path.startsWith("status.conditions"))
        .map(({ path, schema }) => [`\`${path}\``, typeOf(schema), meaningOf(schema)]),
    ),
  };
}

interface Field {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** The object itself, for its rules, and everything in it, top-down. */
function fieldsOf(path: string, schema: Schema, isRequired = false): Field[] {
  const { properties = {}, items, required = [] } = schema;
  const inner = Object.entries(properties).flatMap(([name, part]) =>
    fieldsOf(`${path}.${name}`, part, required.includes(name)),
  );
  return [{ path, schema, isRequired }, ...inner, ...(items === undefined ? [] : fieldsOf(`${path}[]`, items))];
}

function fieldRow({ path, schema, isRequired }: Field): string[] {
  const { default: standard } = schema;
  const shown =
    standard === undefined ? (isRequired ? "required" : "none") : `\`${JSON.stringify(standard).replaceAll('"', "")}\``;
  return [`\`${path}\``, typeOf(schema), shown, boundsOf(schema), meaningOf(schema)];
}

/** The spec itself, and what a list consists of, are told by their fields. */
function isTold({ path, schema }: Field): boolean {
  return schema.type !== "object" || (path.includes(".") && !path.endsWith("[]"));
}

function typeOf(schema: Schema): string {
  if (schema.pattern === DURATION_PATTERN) return "duration";
  if (isShare(schema)) return "share";
  if (schema["x-kubernetes-int-or-string"] === true) return "quantity";
  if (schema.type === "array") return "list";
  if (schema.type === "object" && schema.additionalProperties !== undefined)
    return `map of ${typeOf(schema.additionalProperties)}`;
  if (schema.format === "date-time") return "time";
  return schema.type === "string" ? "text" : (schema.type ?? "");
}

function isShare({ description = "" }: Schema): boolean {
  return description.endsWith(SHARE_WORDS);
}

function boundsOf(schema: Schema): string {
  const { minimum, maximum, minItems = 0, maxItems, minLength = 0, maxLength, maxProperties, enum: words } = schema;
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(", ");
  const range = schema["x-kubernetes-validations"]?.flatMap(({ message }) => RANGE.exec(message)?.[1] ?? []);
  if (schema.pattern === DURATION_PATTERN) return range?.join() ?? "";
  if (isShare(schema)) return "0% to 100%";
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (maxItems !== undefined) return `${minItems} to ${maxItems} entries`;
  if (maxProperties !== undefined) return `at most ${maxProperties} entries`;
  if (schema.pattern === LABEL_PATTERN) return `1 to ${maxLength ?? "any number of"} of \`a-z\`, \`0-9\`, \`-\``;
  return maxLength === undefined ? "" : `${minLength} to ${maxLength} characters`;
}

/** What a duration's rule says of its ends. */
const RANGE = /, from (\S+ to \S+)$/;

function meaningOf({ description = "" }: Schema): string {
  return description.replace(` ${DURATION_WORDS}`, "").replace(` ${SHARE_WORDS}`, "");
}

/** The rules that are not told by the bounds already. */
function rulesOf({ path, schema }: Field): string[] {
  if (schema.pattern === DURATION_PATTERN || isShare(schema)) return [];
  const rules = schema["x-kubernetes-validations"] ?? [];
  return rules.map(({ message, fieldPath = "" }) => `- \`${path}${fieldPath}\`: ${message}.`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n") + "\n";
}
