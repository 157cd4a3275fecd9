/** The ways in which a payload is broken; each is rejected for certain, whatever the reading. */
export const corruptions = [
  "Truncated",
  "NotUtf8",
  "NotAnObject",
  "MissingField",
  "WrongType",
  "OutOfRange",
  "ForeignId",
  "DuplicateKey",
] as const;
export type Corruption = (typeof corruptions)[number];

/** Breaks the bytes of a valid reading. */
export function corruptPayload(payload: Buffer, corruption: Corruption): Buffer {
  switch (corruption) {
    case "Truncated":
      return payload.subarray(0, payload.length >>> 1);
    case "NotUtf8":
      return Buffer.concat([payload.subarray(0, -1), Buffer.from(',"x":"\xff"}', "latin1")]);
    case "NotAnObject":
      return Buffer.concat([Buffer.from("["), payload, Buffer.from("]")]);
    case "MissingField":
      return rewritten(payload, { boot_id: undefined });
    case "WrongType":
      return rewritten(payload, { temperature_c: "21.5" });
    case "OutOfRange":
      return rewritten(payload, { humidity_pct: 101 });
    case "ForeignId":
      return rewritten(payload, { sensor_id: "somebody-else" });
    case "DuplicateKey":
      return Buffer.concat([payload.subarray(0, -1), Buffer.from(',"seq":0}')]);
  }
}

function rewritten(payload: Buffer, changes: Readonly<Record<string, unknown>>): Buffer {
  const reading = JSON.parse(payload.toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ ...reading, ...changes }));
}
