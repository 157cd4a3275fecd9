import { randomUUID } from "node:crypto";
import { activeDevices, type Fleet } from "#fleets";
import { SESSION_TAKEN_OVER } from "#mqtt";
import type { Clock, Logger, StopDeadline, Timer } from "#runtime";
import { ConnectPacer } from "./connect-pacer.ts";
import { DeviceRunner, type DeviceEvents, type DeviceSurroundings } from "./device-runner.ts";
import { FleetLog } from "./fleet-log.ts";
import type { Ledger } from "./ledger.ts";
import type { DeviceRange, ReadingSource } from "./reading-source.ts";

export interface FleetRunnerOptions {
  readonly fleet: Fleet;
  readonly source: ReadingSource;
  /** The part of the fleet that this process is. */
  readonly range: DeviceRange;
  readonly broker: DeviceSurroundings["broker"];
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
  /** For metrics. */
  readonly events: Pick<DeviceEvents, "onMade" | "onPublished">;
  /** Told whenever the number of connected devices changes, or of those that are switched on. */
  readonly onConnections?: ((connected: number, on: number) => void) | undefined;
  /** It cannot go on; the process should end. */
  readonly onFatal: (error: Error) => void;
}

/** What happened so far. */
export interface FleetCounters {
  connections: number;
  connectionsLost: number;
  connectsFailed: number;
}

/** How often is looked for what is due: devices that are due together share one turn of the event loop. */
const TICK_MS = 20;

/** After a longer pause of the whole process its readings are not made: the devices were off, as it were. */
const LONGEST_PAUSE_MS = 60_000;

/** Share of the stop's time for waiting for PUBACKs; the rest is for goodbyes and the ledger file. */
const DRAIN_SHARE = 0.8;

/**
 * A fleet, or a part of one: makes readings when they are due and delivers them; at least once, and in order per device
 * as `DeviceRunner` says.
 *
 * - A reading is in the ledger before its first publish and until a PUBACK says that a subscriber got it; until then it
 *   is sent again, over as many connections as it takes, under its own `seq`. So when the broker, the network or the
 *   bridge is away, readings wait, up to the ledger's capacity; then none is made, which is counted.
 * - The past comes first: one reading a minute, all devices in step. A minute begins when everybody has delivered the
 *   one before. Live readings follow, without a gap.
 * - Stop: no more readings are made, what was made is delivered, each device says goodbye. Nothing is taken back: what is
 *   not acknowledged when the time is over stands in the ledger as such.
 * - Death without a stop: the ledger is gone, and what was not published is lost; boot ids tell the next start apart.
 */
export class FleetRunner {
  readonly counters: FleetCounters = { connections: 0, connectionsLost: 0, connectsFailed: 0 };
  readonly #options: FleetRunnerOptions;
  #fleet: Fleet;
  #source: ReadingSource;
  #range: DeviceRange;
  readonly #runners: DeviceRunner[] = [];
  readonly #around: DeviceSurroundings;
  readonly #log: FleetLog;
  readonly #closing = new AbortController();
  readonly #stopping = new AbortController();
  #connected = 0;
  #on = 0;
  #liveSinceMs: number | undefined;
  #lastTickMs = 0;
  #ticking: Timer | undefined;
  readonly #runs: Promise<void>[] = [];
  #past: Promise<void> | undefined;
  /** Set while a stop waits for PUBACKs. */
  #drained: PromiseWithResolvers<undefined> | undefined;

  constructor(options: FleetRunnerOptions) {
    const { fleet, source, range, broker, ledger, clock, log } = options;
    this.#options = options;
    this.#fleet = fleet;
    this.#source = source;
    this.#range = range;
    this.#log = new FleetLog(log, clock, range.to - range.from);
    this.#around = {
      tenant: fleet.name,
      broker,
      maxInFlight: fleet.maxInFlight,
      pacer: new ConnectPacer(clock, fleet.connectsPerSecond),
      ledger,
      clock,
      events: this.#events(),
      closing: this.#closing.signal,
    };
    this.#addDevices();
  }

  /** Devices of this process. */
  get size(): number {
    return this.#range.to - this.#range.from;
  }

  /** Of these, switched on. */
  get on(): number {
    return this.#on;
  }

  get connected(): number {
    return this.#connected;
  }

  /** Devices without a connection whose login the broker refused at their last attempt. Counted anew each time. */
  get refused(): number {
    return this.#runners.reduce((count, { isRefused }) => count + (isRefused ? 1 : 0), 0);
  }

  /** Begins to connect and to make readings. */
  start(): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    this.#lastTickMs = nowMs;
    for (const runner of this.#runners) this.#runs.push(runner.run());
    if (this.#fleet.historyMs > 0) this.#past = this.#publishPast(nowMs);
    else this.#goLive(nowMs);
    this.#ticking = clock.setInterval(TICK_MS, () => this.#tick());
  }

  /**
   * Goes on as another state of the same fleet: see `changesInPlace`. Devices keep their connections, boot ids and what
   * waits to be sent; new ones begin without a past; those that are no longer wanted deliver what they made and go. They
   * are kept, so that they are the same when they come back. `range` begins where it began.
   */
  follow(fleet: Fleet, source: ReadingSource, range: DeviceRange): void {
    if (this.#stopping.signal.aborted) return;
    const nowMs = this.#options.clock.nowMs();
    this.#fleet = fleet;
    this.#source = source;
    this.#range = range;
    this.#around.pacer.setRate(fleet.connectsPerSecond);
    for (const [offset, runner] of this.#runners.entries()) {
      runner.follow(source.device(range.from + offset));
      runner.goOnAfter(nowMs);
    }
    for (const runner of this.#addDevices()) {
      runner.goOnAfter(nowMs);
      this.#runs.push(runner.run());
    }
    if (this.#liveSinceMs !== undefined) this.#switchDevices(nowMs);
  }

  /** Those of the range that are not there yet; all devices that were ever there stay. */
  #addDevices(): DeviceRunner[] {
    const missing = Math.max(0, this.size - this.#runners.length);
    const first = this.#range.from + this.#runners.length;
    const added = Array.from(
      { length: missing },
      (_, offset) => new DeviceRunner(this.#source.device(first + offset), randomUUID(), this.#around),
    );
    this.#runners.push(...added);
    return added;
  }

  /** Stops making readings, waits for PUBACKs and says goodbye; true if all that was made is acknowledged. */
  async stop(deadline: StopDeadline): Promise<boolean> {
    const { clock, ledger } = this.#options;
    this.#stopping.abort(new Error("the fleet is stopping"));
    for (const runner of this.#runners) {
      runner.endEpisode();
      runner.switch(false);
    }
    this.#countOn();
    await this.#past;
    const drained = Promise.withResolvers<undefined>();
    this.#drained = drained;
    this.#lookIfDrained();
    const timer = clock.setTimer(deadline.remainingMs() * DRAIN_SHARE, () => drained.resolve(undefined));
    await drained.promise;
    timer.clear();
    await this.#close();
    return ledger.waiting === 0;
  }

  async #close(): Promise<void> {
    this.#ticking?.clear();
    this.#closing.abort(new Error("the fleet is stopping"));
    for (const runner of this.#runners) runner.close();
    await Promise.all(this.#runs);
  }

  #tick(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#lastTickMs > LONGEST_PAUSE_MS) this.#skipPause(nowMs - this.#lastTickMs, nowMs);
    this.#lastTickMs = nowMs;
    const isLive = this.#liveSinceMs !== undefined && !this.#stopping.signal.aborted;
    if (isLive) this.#switchDevices(nowMs);
    for (const runner of this.#runners) {
      if (isLive && runner.isOn && runner.nextDueMs <= nowMs) runner.makeDue(nowMs);
      if (runner.wakeAtMs <= nowMs) runner.wake(nowMs);
    }
  }

  #skipPause(pauseMs: number, nowMs: number): void {
    this.#options.log.warn({ pauseMs }, "the process stood still: the readings of that time are not made");
    for (const runner of this.#runners) runner.goOnAfter(nowMs);
  }

  /** Those with the lowest indices of the whole fleet are on. */
  #switchDevices(nowMs: number): void {
    const sinceMs = this.#fleet.startTimeMs ?? this.#liveSinceMs ?? nowMs;
    const active = activeDevices(this.#fleet, nowMs - sinceMs);
    for (const [offset, runner] of this.#runners.entries()) {
      const isOn = this.#range.from + offset < active;
      if (isOn === runner.isOn) continue;
      if (isOn) runner.goOnAfter(nowMs);
      runner.switch(isOn);
    }
    this.#countOn();
  }

  #countOn(): void {
    const on = this.#runners.reduce((count, { isOn }) => count + (isOn ? 1 : 0), 0);
    if (on === this.#on) return;
    this.#on = on;
    this.#options.onConnections?.(this.#connected, on);
  }

  #goLive(afterMs: number): void {
    this.#liveSinceMs = afterMs;
    for (const runner of this.#runners) runner.goOnAfter(afterMs);
    this.#switchDevices(afterMs);
  }

  /** The past up to now, then what became past meanwhile, until less than a minute is left. */
  async #publishPast(startMs: number): Promise<void> {
    const { clock, log } = this.#options;
    const { historyMs } = this.#fleet;
    for (const runner of this.#runners) runner.switch(true);
    this.#countOn();
    let [sinceMs, untilMs] = [startMs - historyMs, startMs];
    do {
      await this.#publishMinutes(sinceMs, untilMs);
      [sinceMs, untilMs] = [untilMs, clock.nowMs()];
    } while (untilMs - sinceMs >= MINUTE_MS && !this.#stopping.signal.aborted);
    if (this.#stopping.signal.aborted) return;
    log.info({ historyMs, tookMs: untilMs - startMs }, "the past is published");
    this.#goLive(sinceMs);
  }

  async #publishMinutes(sinceMs: number, untilMs: number): Promise<void> {
    const { from } = this.#range;
    let minute = new Minute(0);
    for (const { index, timeMs } of this.#source.past(this.#range, sinceMs, untilMs)) {
      const number = Math.floor(timeMs / MINUTE_MS);
      if (number !== minute.number) {
        await minute.delivered(this.#stopping.signal);
        minute = new Minute(number);
      }
      if (this.#stopping.signal.aborted) return;
      minute.add((onDelivered) => this.#runners[index - from]?.make(timeMs, onDelivered) ?? false);
    }
    await minute.delivered(this.#stopping.signal);
  }

  #events(): DeviceEvents {
    const { events, onConnections, onFatal } = this.#options;
    const change = (by: number): void => {
      this.#connected += by;
      this.#log.connected(this.#connected);
      onConnections?.(this.#connected, this.#on);
    };
    return {
      onMade: (mishaps) => events.onMade(mishaps),
      onPublished: (outcome, durationMs) => {
        events.onPublished(outcome, durationMs);
        if (this.#drained !== undefined) this.#lookIfDrained();
      },
      onConnected: () => {
        this.counters.connections += 1;
        change(1);
      },
      onDisconnected: ({ isLost, reasonCode }) => {
        change(-1);
        if (isLost) this.counters.connectionsLost += 1;
        if (isLost) this.#log.lost(reasonCode);
        if (reasonCode === SESSION_TAKEN_OVER)
          onFatal(new Error("another process uses a device's client id: their ranges overlap"));
      },
      onConnectFailed: (error) => {
        this.counters.connectsFailed += 1;
        this.#log.failed(error);
      },
      onRefused: onFatal,
    };
  }

  #lookIfDrained(): void {
    if (this.#options.ledger.waiting === 0) this.#drained?.resolve(undefined);
  }
}

const MINUTE_MS = 60_000;

/** The readings of one minute of the past, of all devices. */
class Minute {
  readonly number: number;
  #left = 0;
  readonly #delivered = Promise.withResolvers<undefined>();

  constructor(number: number) {
    this.number = number;
  }

  add(make: (onDelivered: () => void) => boolean): void {
    const isCounted = make(() => {
      this.#left -= 1;
      if (this.#left === 0) this.#delivered.resolve(undefined);
    });
    if (isCounted) this.#left += 1;
  }

  /** Resolves when all that can be delivered is, or the signal aborts. */
  async delivered(signal: AbortSignal): Promise<void> {
    if (this.#left === 0) return;
    const onAbort = (): void => this.#delivered.resolve(undefined);
    if (signal.aborted) return;
    signal.addEventListener("abort", onAbort, { once: true });
    await this.#delivered.promise;
    signal.removeEventListener("abort", onAbort);
  }
}
