import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#runtime";
import { recordServer, reapOrphans } from "./run-records.ts";

/** How to start a server and how to see that it is there. */
export interface ServerCommand {
  /** For messages and file names. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Working directory and home of the log; made if it is missing. */
  readonly directory: string;
  /** The directory is the testkit's and is removed if this process dies. */
  readonly isTemporary: boolean;
  /** Asked every 20 ms with the log so far; a throw counts as not yet, and so does no answer within the time limit. */
  readonly isReady: (log: string) => boolean | Promise<boolean>;
  /** Default 30 s. */
  readonly readyTimeoutMs?: number;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const READY_INTERVAL_MS = 20;
const TAIL_LINES = 30;
const running = new Set<ServerProcess>();
let isGuarded = false;
let startCount = 0;

/**
 * A real server as a child process. It never outlives its owner: an exit of the owner kills it, and what the owner's own
 * kill -9 leaves behind is ended by the next process that starts a server.
 */
export class ServerProcess {
  readonly logPath: string;
  readonly exited: Promise<Exit>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #temporaryDirectory: string | undefined;
  #exit: Exit | undefined;

  private constructor(name: string, child: ChildProcess, logPath: string, temporaryDirectory: string | undefined) {
    this.#name = name;
    this.#child = child;
    this.logPath = logPath;
    this.#temporaryDirectory = temporaryDirectory;
    this.exited = this.#watch();
    running.add(this);
  }

  /**
   * Starts the server and waits until it is ready. Rejects at once with the end of its log when it exits instead, and
   * after the time limit, killing it.
   */
  static async start(server: ServerCommand): Promise<ServerProcess> {
    guard();
    mkdirSync(server.directory, { recursive: true });
    const logPath = join(server.directory, `${server.name}-${process.pid}-${(startCount += 1)}.log`);
    const log = openSync(logPath, "a");
    const child = spawn(server.command, server.args, {
      cwd: server.directory,
      env: { ...process.env, ...server.environment },
      stdio: ["ignore", log, log],
      // A process group of its own: Ctrl-C in a terminal reaches only the owner, which stops its servers in order.
      detached: true,
    });
    closeSync(log);
    await once(child, "spawn");
    const started = new ServerProcess(server.name, child, logPath, server.isTemporary ? server.directory : undefined);
    await started.#untilReady(server);
    return started;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Everything it wrote so far, standard output and error. */
  log(): string {
    return readFileSync(this.logPath, "utf8");
  }

  /** SIGTERM, and SIGKILL after `graceMs`; resolves with how it ended. A paused process is continued first. */
  async stop(graceMs = 15_000): Promise<Exit> {
    this.#signal("SIGTERM");
    this.#signal("SIGCONT");
    const timer = systemClock.setTimer(graceMs, () => this.#signal("SIGKILL"));
    const exit = await this.exited;
    timer.clear();
    return exit;
  }

  /** SIGKILL: nothing is flushed, nothing is said. Works on a paused process too. */
  async kill(): Promise<Exit> {
    this.#signal("SIGKILL");
    return this.exited;
  }

  /** SIGSTOP: it keeps its connections and says nothing. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    this.#signal("SIGCONT");
  }

  /** For the exit hook, which cannot wait. */
  killNow(): void {
    this.#signal("SIGKILL");
    if (this.#temporaryDirectory !== undefined) rmSync(this.#temporaryDirectory, { recursive: true, force: true });
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  async #watch(): Promise<Exit> {
    const forget = recordServer(this.pid, this.#temporaryDirectory);
    const [code, signal] = (await once(this.#child, "exit")) as [number | null, NodeJS.Signals | null];
    this.#exit = { code, signal };
    running.delete(this);
    forget();
    return this.#exit;
  }

  async #untilReady({ isReady, readyTimeoutMs = 30_000 }: ServerCommand): Promise<void> {
    const deadlineMs = systemClock.monotonicMs() + readyTimeoutMs;
    const late = Promise.withResolvers<false>();
    const timer = systemClock.setTimer(readyTimeoutMs, () => late.resolve(false));
    // A server may take the question and never answer it: its end or the time limit ends the wait all the same.
    const noAnswer = Promise.race([this.exited.then(() => false), late.promise]);
    try {
      for (;;) {
        if (this.#exit !== undefined) throw this.#exitedInstead(this.#exit);
        if (await Promise.race([asked(isReady, this.log()), noAnswer])) return;
        if (systemClock.monotonicMs() >= deadlineMs) break;
        await systemClock.sleep(READY_INTERVAL_MS);
      }
    } finally {
      timer.clear();
    }
    const tail = this.#tail();
    await this.kill();
    throw new Error(`${this.#name} was not ready within ${readyTimeoutMs} ms:\n${tail}`);
  }

  #exitedInstead({ code, signal }: Exit): Error {
    return new Error(`${this.#name} exited (${signal ?? code ?? "?"}):\n${this.#tail()}`);
  }

  #tail(): string {
    return this.log().trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  }
}

/** Stops every server that this process has started and that still runs, also one that is not ready yet. */
export async function stopServerProcesses(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}

async function asked(isReady: ServerCommand["isReady"], log: string): Promise<boolean> {
  try {
    return await isReady(log);
  } catch {
    return false;
  }
}

/** Before the first server: end what earlier runs left, and make sure that this one leaves nothing. */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  reapOrphans();
  process.on("exit", () => {
    for (const server of running) server.killNow();
  });
}
