/** One condition of a selector; all must hold. */
interface Requirement {
  readonly key: string;
  readonly operator: "in" | "notIn" | "exists" | "doesNotExist";
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** A selector that is not one. */
export class SelectorError extends Error {}

const NAME = String.raw`[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?`;
const VALUE = `(?:${NAME})?`;
const EXISTS = new RegExp(`^(!?) *(${NAME})$`);
const EQUALS = new RegExp(`^(${NAME}) *(==?|!=) *(${VALUE})$`);
const IN = new RegExp(`^(${NAME}) +(in|notin) *\\( *(${VALUE}(?: *, *${VALUE})*) *\\)$`);

/**
 * Reads a label selector as it stands in a query string: `group=bq-writer,topic in (readings, windows-5m)`.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api
 *
 * @throws {SelectorError} naming the part that is no condition.
 */
export function parseSelector(text: string): (labels: Labels) => boolean {
  const requirements = split(text).map(requirement);
  return (labels) => requirements.every((each) => holds(each, labels));
}

/** At the commas that are not inside parentheses. */
function split(text: string): string[] {
  if (text.trim() === "") return [];
  return text.split(/,(?![^(]*\))/).map((part) => part.trim());
}

function requirement(text: string): Requirement {
  const exists = EXISTS.exec(text);
  if (exists !== null)
    return { key: exists[2] ?? "", operator: exists[1] === "!" ? "doesNotExist" : "exists", values: [] };
  const equals = EQUALS.exec(text);
  if (equals !== null)
    return { key: equals[1] ?? "", operator: equals[2] === "!=" ? "notIn" : "in", values: [equals[3] ?? ""] };
  const set = IN.exec(text);
  if (set === null) throw new SelectorError(`not a condition of a label selector: ${JSON.stringify(text)}`);
  const values = (set[3] ?? "").split(",").map((value) => value.trim());
  return { key: set[1] ?? "", operator: set[2] === "in" ? "in" : "notIn", values };
}

/** A label that is not there is also none of the values. */
function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  if (operator === "exists") return value !== undefined;
  if (operator === "doesNotExist") return value === undefined;
  const isOne = value !== undefined && values.includes(value);
  return operator === "in" ? isOne : !isOne;
}
