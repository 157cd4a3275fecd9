import type { Clock, Logger } from "#runtime";

const PERIOD_MS = 10_000;

/** Logs what thousands of connections do, in few lines: at most one warning in ten seconds. */
export class FleetLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #devices: number;
  #lastMs = -Infinity;
  #failed = 0;
  #lost = 0;
  /** Something happened that nobody here wanted, or nothing yet. */
  #isWorthTelling = true;

  constructor(log: Logger, clock: Clock, devices: number) {
    this.#log = log;
    this.#clock = clock;
    this.#devices = devices;
  }

  connected(count: number): void {
    if (count < this.#devices || !this.#isWorthTelling) return;
    this.#isWorthTelling = false;
    this.#log.info({ devices: count }, "all devices are connected to the MQTT broker");
  }

  lost(reasonCode: number | undefined): void {
    this.#lost += 1;
    this.#warn({ reasonCode });
  }

  failed(error: Error): void {
    this.#failed += 1;
    this.#warn({ err: error });
  }

  #warn(last: Readonly<Record<string, unknown>>): void {
    this.#isWorthTelling = true;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastMs < PERIOD_MS) return;
    this.#lastMs = nowMs;
    const facts = { connectionsLost: this.#lost, connectsFailed: this.#failed, ...last };
    this.#log.warn(facts, "devices have no connection to the MQTT broker, trying again");
    this.#lost = 0;
    this.#failed = 0;
  }
}
