import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Fleet } from "#fleets";
import { toError, type Clock, type Logger, type Timer } from "#runtime";
import { rangeOf, type SimulatorConfig } from "./config.ts";
import { readFleetFile, readFleetText, readSource } from "./fleet-file.ts";
import type { FleetRunner } from "./fleet-runner.ts";

/**
 * Whether a running fleet can become another: only if its devices stay who and where they are, and the readings of the
 * past have not been asked for anew. Everything else needs a new process.
 */
export function changesInPlace(before: Fleet, after: Fleet): boolean {
  const identity = ({ name, deviceIdPrefix, seed, profiles, replay, historyMs }: Fleet): unknown => ({
    name,
    deviceIdPrefix,
    seed,
    profiles,
    replay,
    historyMs,
  });
  return isDeepStrictEqual(identity(before), identity(after));
}

export interface FollowerOptions {
  readonly config: SimulatorConfig;
  readonly runner: Pick<FleetRunner, "follow">;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Follows a fleet file that changes while the fleet runs. It looks at the file itself, at intervals: a mounted ConfigMap
 * is changed by turning a link to another directory, of which watching the file says nothing. A change that is wrong, or
 * that would make the devices others, is not followed: the fleet goes on as it was, and `problem` says why.
 */
export class FleetFollower {
  /** Why the file as it is now is not followed. */
  problem: string | undefined;
  /** Hash of the file that is followed. */
  fileHash: string;
  readonly #options: FollowerOptions;
  readonly #fleet: Fleet;
  #looked = "";
  #lastHash: string;
  #timer: Timer | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#fleet = options.config.fleet;
    this.fileHash = hashOf(options.config.fleetText);
    this.#lastHash = this.fileHash;
  }

  start(): void {
    const { config, clock } = this.#options;
    if (config.FLEET_RELOAD_INTERVAL === undefined) return;
    this.#timer = clock.setInterval(config.FLEET_RELOAD_INTERVAL, () => this.look());
  }

  stop(): void {
    this.#timer?.clear();
  }

  /** Follows the file if it was changed. */
  look(): void {
    const { config, log } = this.#options;
    try {
      const stamp = stampOf(config.FLEET_FILE);
      if (stamp === this.#looked) return;
      const text = readFleetText(config.FLEET_FILE);
      this.#looked = stamp;
      const hash = hashOf(text);
      if (hash === this.#lastHash) return;
      this.#lastHash = hash;
      this.#follow(text, hash);
    } catch (thrown) {
      const { message } = toError(thrown);
      if (message === this.problem) return;
      this.problem = message;
      log.warn({ err: thrown }, "the fleet file is not followed: the fleet goes on as it was");
    }
  }

  #follow(text: string, hash: string): void {
    const { config, runner, log } = this.#options;
    const fleet = readFleetFile(config.FLEET_FILE, text);
    if (!changesInPlace(this.#fleet, fleet))
      throw new Error("seed, profiles, prefix, history or recording were changed: that needs a new process");
    runner.follow(fleet, readSource(config.FLEET_FILE, fleet), rangeOf(config, fleet));
    this.fileHash = hash;
    this.problem = undefined;
    log.info({ devices: fleet.devices, fileHash: hash }, "the fleet follows its changed file");
  }
}

/** Changes whenever the file does, or another one takes its place. */
function stampOf(path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}

/** The beginning of the SHA-256 of the file's text. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
