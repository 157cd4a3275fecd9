import { CALL, SLOT, type Slot } from "../source/canonical.ts";
import { RESERVED } from "../source/keywords.ts";
import { SqlError } from "../statement.ts";
import { isObject, type Json, readObject, unsupported } from "./node.ts";

/** Gives placeholders of the canonical text their meaning back. */
export class SlotReader {
  private readonly slots: readonly Slot[];

  constructor(slots: readonly Slot[]) {
    this.slots = slots;
  }

  /** The slot that an identifier of the parser names. */
  slot(text: string): Slot {
    const index = text.startsWith(SLOT) ? Number(text.slice(SLOT.length)) : NaN;
    const slot = this.slots[index];
    if (slot === undefined) throw wrong(text);
    return slot;
  }

  typeSlot(index: number): Extract<Slot, { kind: "type" }> {
    const slot = this.slots[index];
    if (slot?.kind !== "type") throw wrong("type");
    return slot;
  }

  /** The name that an identifier object of the parser stands for; a literal in its place is a syntax error. */
  name(identifier: Json | undefined): string {
    const { name } = readObject(identifier ?? null, "identifier", ["name", "quoted"]);
    if (typeof name !== "string") throw unsupported("syntax", "identifier");
    return this.nameText(name);
  }

  nameText(text: string): string {
    const slot = this.slot(text);
    if (slot.kind !== "name") throw wrong(slot.kind === "literal" ? slot.text : slot.kind);
    return slot.value;
  }

  optionalName(identifier: Json | undefined): { name?: string } {
    return isObject(identifier) ? { name: this.name(identifier) } : {};
  }

  /** The function that a call of the parser names. */
  callName(text: string): string {
    return text.startsWith(CALL) ? text.slice(CALL.length).replaceAll("__dot__", ".") : text.toUpperCase();
  }
}

function wrong(text: string): SqlError {
  const what = RESERVED.has(text.toUpperCase()) ? "keyword" : "input";
  return new SqlError("invalidQuery", `Syntax error: Unexpected ${what} ${text}`);
}
