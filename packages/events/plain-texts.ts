import { plainFields, placeOf } from "./plain-fields.ts";
import { asciiText } from "./plain-number.ts";
import { quotedText, standsAt, type QuotedText } from "./quoted-text.ts";

const QUOTE = 0x22;
const LAST_ASCII = 0x7f;

/** Longest text that is remembered, in bytes; the schema allows no longer one. */
const MAX_REMEMBERED = 64;

/**
 * The texts that the readings of one sender hold: the names that topic or key have given, and for the other fields the
 * text that was there last. A device says the same thousands of times, so texts are compared and not made.
 */
export class PlainTexts {
  readonly #texts: (QuotedText | undefined)[];
  /** Bits of the fields whose text may not differ. */
  readonly #given: number;

  /** `location` is `undefined` where only the key is known. */
  constructor(names: { readonly sensorId: string; readonly location: string | undefined }) {
    const given = new Map([[placeOf("sensor_id"), names.sensorId]]);
    if (names.location !== undefined) given.set(placeOf("location"), names.location);
    this.#texts = plainFields.map(({ check }, place) => {
      const name = given.get(place);
      return name !== undefined && check(name) ? quotedText(name) : undefined;
    });
    this.#given = [...given.keys()].reduce((bits, place) => bits | (1 << place), 0);
  }

  /** The text of a field whose end was found by {@link end}. */
  at(place: number): string {
    return (this.#texts[place] as QuotedText).text;
  }

  /** The index behind the text of a field that begins here; -1 if it is not plain, or not the one that was given. */
  end(payload: Uint8Array, at: number, place: number): number {
    const text = this.#texts[place];
    if (text !== undefined && standsAt(payload, at, text)) return at + text.bytes.length;
    if ((this.#given & (1 << place)) !== 0) return -1;
    const fresh = readText(payload, at, place);
    if (fresh === undefined) return -1;
    this.#texts[place] = fresh;
    return at + fresh.bytes.length;
  }
}

/** A short text in ASCII that the schema allows and that needs no escape. */
function readText(payload: Uint8Array, start: number, place: number): QuotedText | undefined {
  const limit = Math.min(start + MAX_REMEMBERED, payload.length - 1);
  let end = start;
  while (end < limit && payload[end] !== QUOTE) {
    if ((payload[end] as number) > LAST_ASCII) return undefined;
    end += 1;
  }
  if (payload[end] !== QUOTE) return undefined;
  const text = asciiText(payload, start, end);
  return plainFields[place]?.check(text) === true ? quotedText(text) : undefined;
}
