/** What becomes of a reading that arrives: stored, or rejected because it was broken on purpose. */
export type Fate = "stored" | "rejected";

/** What the audit knows of one device. Counts are of readings, each once however often it was published. */
export interface DeviceAccount {
  readonly sensorId: string;
  readonly bootId: string;
  /** Also the next `seq`. */
  readonly made: number;
  /** Of these, published at least once. */
  readonly sent: number;
  readonly acknowledged: Readonly<Record<Fate, number>>;
  /** Sent and not acknowledged: these may have arrived or not. */
  readonly unacknowledged: Readonly<Record<Fate, number>>;
  /** Publishes beyond each reading's first: at most so many duplicates are the devices' own. */
  readonly repeats: number;
}

/** Sums over all devices. */
export interface LedgerTotals {
  made: number;
  /** Of these, published at least once. */
  sent: number;
  acknowledged: number;
  /** Publishes beyond each reading's first. */
  repeats: number;
  /** Readings that found no room. */
  notMade: number;
}

/** A reading that waits for its PUBACK and may have to be sent again. */
export interface Pending {
  readonly seq: number;
  readonly payload: Buffer;
  readonly fate: Fate;
}

interface DeviceEntry {
  readonly sensorId: string;
  readonly bootId: string;
  made: number;
  publishes: number;
  sent: number;
  readonly acknowledged: Record<Fate, number>;
  /** By `seq`. Not a Map: it would make a new table for every reading. */
  readonly pending: (Pending & { sent: boolean })[];
}

/**
 * Who sent what: the other half of the audit. A reading enters when it is made, takes the next `seq`, and leaves when
 * it is acknowledged; until then it is kept and sent again under its own `seq`. At most `capacity` readings wait, of all
 * devices together. A reading that finds no room is not made and takes no `seq`: `notMade` counts it, the audit sees no
 * gap.
 */
export class Ledger {
  readonly #capacity: number;
  readonly #devices = new Map<string, DeviceEntry>();
  readonly #totals: LedgerTotals = { made: 0, sent: 0, acknowledged: 0, repeats: 0, notMade: 0 };

  /** `capacity`: most readings that may wait. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Readings of all devices that are made and not acknowledged. */
  get waiting(): number {
    return this.#totals.made - this.#totals.acknowledged;
  }

  get notMade(): number {
    return this.#totals.notMade;
  }

  get totals(): Readonly<LedgerTotals> {
    return this.#totals;
  }

  /** @throws RangeError if there is a device of that name. */
  add(sensorId: string, bootId: string): void {
    if (this.#devices.has(sensorId)) throw new RangeError(`added twice: ${sensorId}`);
    const acknowledged = { stored: 0, rejected: 0 };
    this.#devices.set(sensorId, {
      sensorId,
      bootId,
      made: 0,
      publishes: 0,
      sent: 0,
      acknowledged,
      pending: [],
    });
  }

  /** Enters a reading; `payloadOf` gets its `seq`. `undefined` if there is no room. */
  make(sensorId: string, fate: Fate, payloadOf: (seq: number) => Buffer): Pending | undefined {
    const device = this.#entry(sensorId);
    if (this.waiting >= this.#capacity) {
      this.#totals.notMade += 1;
      return undefined;
    }
    const seq = device.made;
    const pending = { seq, payload: payloadOf(seq), fate, sent: false };
    device.made += 1;
    device.pending.push(pending);
    this.#totals.made += 1;
    return pending;
  }

  /** A publish of the reading begins, its first or another. */
  published(sensorId: string, seq: number): void {
    const device = this.#entry(sensorId);
    device.publishes += 1;
    const pending = device.pending[indexOf(device, seq)];
    if (pending?.sent === false) {
      pending.sent = true;
      device.sent += 1;
      this.#totals.sent += 1;
    } else {
      this.#totals.repeats += 1;
    }
  }

  /** A publish was acknowledged as delivered. False if the reading was already, by another of its publishes. */
  acknowledged(sensorId: string, seq: number): boolean {
    const device = this.#entry(sensorId);
    const index = indexOf(device, seq);
    const pending = device.pending[index];
    if (pending === undefined) return false;
    if (index === 0) device.pending.shift();
    else device.pending.splice(index, 1);
    device.acknowledged[pending.fate] += 1;
    this.#totals.acknowledged += 1;
    return true;
  }

  /** One account per device, in the order in which they were added. */
  accounts(): DeviceAccount[] {
    return [...this.#devices.values()].map(accountOf);
  }

  #entry(sensorId: string): DeviceEntry {
    const device = this.#devices.get(sensorId);
    if (device === undefined) throw new RangeError(`no such device: ${sensorId}`);
    return device;
  }
}

/** -1 if it is acknowledged. It is mostly the first: what was made first is sent first. */
function indexOf({ pending }: DeviceEntry, seq: number): number {
  return pending.findIndex((reading) => reading.seq === seq);
}

function accountOf({ sensorId, bootId, made, publishes, sent, acknowledged, pending }: DeviceEntry): DeviceAccount {
  const unacknowledged = { stored: 0, rejected: 0 };
  for (const reading of pending) if (reading.sent) unacknowledged[reading.fate] += 1;
  return { sensorId, bootId, made, sent, acknowledged: { ...acknowledged }, unacknowledged, repeats: publishes - sent };
}

/** How many different readings of one fate a device may have in the end, if nothing was lost or made up. */
export interface Expectation {
  /** Everything acknowledged must be there. */
  readonly atLeast: number;
  /** What was not acknowledged may be there: only its PUBACK was lost. */
  readonly atMost: number;
}

/** What the audit compares with. */
export function expectation({ acknowledged, unacknowledged }: DeviceAccount, fate: Fate): Expectation {
  return { atLeast: acknowledged[fate], atMost: acknowledged[fate] + unacknowledged[fate] };
}
