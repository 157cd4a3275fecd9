import { systemClock, type Clock, type Logger, type Timer } from "#runtime";

/** Between two lines about an outage that goes on. */
const REMINDER_MS = 60_000;
/** Kafka counts as back when it has answered and nothing has failed for so long: a broker that starts has no coordinators at first. */
const SETTLED_MS = 15_000;

/**
 * Says once that Kafka is away, at most once a minute that it still is, and once how long it was; clients try several
 * times a second, for each partition, and two lines for each attempt would bury everything else.
 *
 * All clients that log through one logger share one, see {@link outageOf}.
 */
export class Outage {
  readonly #log: Logger;
  readonly #clock: Clock;
  #beganMs: number | undefined;
  #saidMs = 0;
  #answeredMs = 0;
  #settling: Timer | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  get isOngoing(): boolean {
    return this.#beganMs !== undefined;
  }

  /** A broker could not be reached, or did not answer. */
  failed(cause: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#settling?.clear();
    this.#settling = undefined;
    if (this.#beganMs === undefined) {
      [this.#beganMs, this.#saidMs] = [nowMs, nowMs];
      this.#log.warn({ cause }, "Kafka does not answer, trying until it does");
    } else if (nowMs - this.#saidMs >= REMINDER_MS) {
      this.#saidMs = nowMs;
      this.#log.warn({ cause, forMs: Math.round(nowMs - this.#beganMs) }, "Kafka still does not answer");
    }
  }

  /** A broker has answered a request. Called for each answer, so it does nothing while all is well. */
  answered(): void {
    if (this.#beganMs === undefined || this.#settling !== undefined) return;
    this.#answeredMs = this.#clock.monotonicMs();
    this.#settling = this.#clock.setTimer(SETTLED_MS, () => this.#end());
  }

  /** Warns about what may follow from an outage; while one lasts it does, and is for the developer only. */
  warn(log: Logger, facts: object, message: string): void {
    log[this.isOngoing ? "debug" : "warn"](facts, message);
  }

  #end(): void {
    const forMs = Math.round(this.#answeredMs - (this.#beganMs ?? this.#answeredMs));
    this.#beganMs = undefined;
    this.#settling = undefined;
    this.#log.info({ forMs }, "Kafka answers again");
  }
}

const outages = new WeakMap<Logger, Outage>();

/** The outage that is said through this logger: one for a process, which has one logger for its Kafka clients. */
export function outageOf(log: Logger, clock: Clock = systemClock): Outage {
  const known = outages.get(log);
  if (known !== undefined) return known;
  const outage = new Outage(log, clock);
  outages.set(log, outage);
  return outage;
}
