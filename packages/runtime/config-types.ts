import { z } from "zod";

/** What the loader and the documentation say about a variable's type. */
export interface VariableType {
  /** One word for the table: `duration`, `bytes`, … */
  readonly type: string;
  /** What is allowed, as the end of the sentence "… must be". */
  readonly allowed: string;
  /** Never printed, neither in errors nor as a default. */
  readonly secret?: boolean;
  /** A value as a person would write it; default: `String(value)`. */
  readonly show?: (value: never) => string;
}

/** Where the types below describe themselves; follows a schema through `.describe()` but not into its wrappers. */
export const variableTypes = z.registry<VariableType>();

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** A timer takes fewer than 2^31 ms; a longer one fires at once. */
const LONGEST_TIMER_MS = 24 * DURATION_UNITS.d;

/** An inclusive range; ends that are not given, or infinite, are open. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/**
 * `500ms`, `5s`, `10m`, `1h`, `7d` → milliseconds. At most `24d` unless the range says otherwise, because most become
 * timers; an age or a lifetime gives an end of its own.
 */
export function duration(range: Range = {}): z.ZodType<number, string> {
  return quantity("duration", DURATION_UNITS, { min: 0, max: LONGEST_TIMER_MS, ...range });
}

/** `512B`, `16KiB`, `10MiB`, `1GiB` → bytes. */
export function bytes(range: Range = {}): z.ZodType<number, string> {
  return quantity("bytes", BYTE_UNITS, { min: 0, ...range });
}

/** A whole number. */
export function integer(range: Range = {}): z.ZodType<number, string> {
  return parsed({ type: "integer", allowed: `a whole number${rangeText(range, String)}` }, (text) => {
    const value = Number(text);
    return /^-?\d+$/.test(text) && Number.isSafeInteger(value) && inRange(value, range) ? value : undefined;
  });
}

/** A TCP port to listen on; 0 means any free one. */
export function port(): z.ZodType<number, string> {
  return integer({ min: 0, max: 65_535 }).register(variableTypes, {
    type: "port",
    allowed: "a port from 0 to 65535 (0 = any free one)",
  });
}

/** `true` or `false`, nothing else: `yes`, `1` and `TRUE` would each be read differently by somebody. */
export function boolean(): z.ZodType<boolean, string> {
  return parsed({ type: "boolean", allowed: "true or false" }, (text) =>
    text === "true" ? true : text === "false" ? false : undefined,
  );
}

/** Texts separated by commas, at least one; spaces around them do not count. `item` checks each (default: not empty). */
export function list(allowed = "texts", item = /./): z.ZodType<string[], string> {
  const show = (items: readonly string[]): string => items.join(",");
  return parsed({ type: "list", allowed: `one or more ${allowed}, separated by commas`, show }, (text) => {
    const items = text.split(",").map((part) => part.trim());
    return items.every((part) => item.test(part)) ? items : undefined;
  });
}

/** `host:port` pairs separated by commas, as Kafka clients take them. */
export function addresses(): z.ZodType<string[], string> {
  return list("host:port", /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):\d{1,5}$/);
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]): z.ZodType<Word, string> {
  return parsed({ type: "choice", allowed: `one of ${words.join(", ")}` }, (text) =>
    words.find((word) => word === text),
  );
}

/** A text, not empty; `pattern` must fit all of it, and `allowed` says in words what it wants. */
export function text(allowed = "a text that is not empty", pattern = /./): z.ZodType<string, string> {
  return parsed({ type: "text", allowed }, (value) => (pattern.test(value) ? value : undefined));
}

/** A URL with one of the protocols, such as `mqtt:`. Credentials do not belong in it: it may be logged. */
export function url(protocols: readonly string[]): z.ZodType<string, string> {
  const allowed = `a URL with ${protocols.map((protocol) => `${protocol}//`).join(" or ")} and without credentials`;
  return parsed({ type: "url", allowed }, (value) => {
    const parsedUrl = URL.parse(value);
    const fits = parsedUrl !== null && protocols.includes(parsedUrl.protocol);
    return fits && parsedUrl.username === "" && parsedUrl.password === "" ? value : undefined;
  });
}

/** A text that no message ever shows. */
export function secret(): z.ZodType<string, string> {
  return text().register(variableTypes, { type: "secret", allowed: "a text that is not empty", secret: true });
}

/** A type from a function that gives `undefined` for what is not allowed. */
export function parsed<T>(type: VariableType, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  const schema = z.string().transform((given, context): T => {
    const value = parse(given);
    if (value !== undefined) return value;
    context.addIssue(`must be ${type.allowed}`);
    return z.NEVER;
  });
  return schema.register(variableTypes, type);
}

function quantity(type: string, units: Readonly<Record<string, number>>, range: Range): z.ZodType<number, string> {
  const show = (value: number): string => showQuantity(value, units);
  const names = Object.keys(units);
  const allowed = `a whole number with one of the units ${names.join(", ")}${rangeText(range, show)}`;
  return parsed({ type, allowed, show }, (text) => {
    const match = /^(\d+)([A-Za-z]+)$/.exec(text);
    const value = Number(match?.[1]) * (units[match?.[2] ?? ""] ?? NaN);
    return Number.isSafeInteger(value) && inRange(value, range) ? value : undefined;
  });
}

function showQuantity(value: number, units: Readonly<Record<string, number>>): string {
  const descending = Object.entries(units).reverse();
  const fitting = value === 0 ? undefined : descending.find(([, size]) => value % size === 0);
  const [name, size] = fitting ?? descending.at(-1) ?? ["", 1];
  return `${value / size}${name}`;
}

function inRange(value: number, { min = -Infinity, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}

function rangeText({ min, max }: Range, show: (value: number) => string): string {
  const isEndOpen = max === undefined || max === Infinity;
  if (min !== undefined && !isEndOpen) return `, from ${show(min)} to ${show(max)}`;
  if (min !== undefined) return `, at least ${show(min)}`;
  return isEndOpen ? "" : `, at most ${show(max)}`;
}
