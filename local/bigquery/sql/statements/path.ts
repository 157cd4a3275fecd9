import type { Cursor } from "../source/cursor.ts";

/** A table's path: names joined by dots; a back-quoted one may hold dots, a project may hold dashes. */
export function readPath(cursor: Cursor): string[] {
  const parts = [readPart(cursor)];
  while (cursor.takeSymbol(".")) parts.push(readPart(cursor));
  return parts.flatMap((part) => part.split("."));
}

function readPart(cursor: Cursor): string {
  let text = cursor.name();
  while (cursor.isSymbol("-") && touches(cursor)) text += cursor.next().text + cursor.next().text;
  return text;
}

function touches(cursor: Cursor): boolean {
  const [before, dash, after] = [cursor.peek(-1), cursor.peek(), cursor.peek(1)];
  return before.end === dash.start && dash.end === after.start && (after.kind === "word" || after.kind === "number");
}
