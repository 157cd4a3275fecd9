import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument, isMap, isNode, type Document } from "yaml";
import { type FieldPath, type Fleet, readFleet } from "#fleets";
import { ConfigError, toError } from "#runtime";
import { seededSource, type ReadingSource } from "./reading-source.ts";
import { readRecording } from "./recording.ts";
import { replaySource } from "./replay-source.ts";

/** A larger file is no fleet. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads a fleet file: YAML 1.2, https://yaml.org/spec/1.2.2/, one document. `text`: what stands in it, if that is known.
 *
 * @throws {ConfigError} with all problems, each with file, line and field.
 */
export function readFleetFile(path: string, text = readFleetText(path)): Fleet {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, stringKeys: true });
  const problems = [...document.errors, ...document.warnings].map(
    ({ message, linePos }) => `${path}:${linePos?.[0].line ?? 1}: ${message.split("\n")[0] ?? ""}`,
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return readFleet(content(path, document), (field) => `${path}:${lineOf(document, lines, field)}: `);
}

/**
 * What the fleet of a file measures; a recording's path is relative to the file.
 *
 * @throws {ConfigError} with the problems of the recording.
 */
export function readSource(path: string, fleet: Fleet): ReadingSource {
  if (fleet.replay === undefined) return seededSource(fleet);
  const recording = readRecording(resolve(dirname(path), fleet.replay.file), fleet.replay);
  return replaySource(fleet, fleet.replay, recording);
}

/** @throws ConfigError if it cannot be read, or is too large. */
export function readFleetText(path: string): string {
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError([`${path}: cannot be read (${toError(error).message})`]);
  }
}

/** Aliases are resolved here, a bounded number of them. */
function content(path: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigError([`${path}: ${toError(error).message}`]);
  }
}

/** The line of a field: of its key, or of what it is missing from. */
function lineOf(document: Document, lines: LineCounter, field: FieldPath): number {
  const parent = field.length <= 1 ? document.contents : document.getIn(field.slice(0, -1), true);
  const key = isMap(parent) ? parent.items.find((pair) => isNamed(pair.key, field.at(-1)))?.key : undefined;
  const node = isNode(key) ? key : document.getIn(field, true);
  if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  return field.length === 0 ? 1 : lineOf(document, lines, field.slice(0, -1));
}

function isNamed(key: unknown, name: FieldPath[number] | undefined): boolean {
  return typeof key === "object" && key !== null && "value" in key && key.value === name;
}
