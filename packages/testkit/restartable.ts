import { rmSync } from "node:fs";
import { ServerProcess, type Exit, type ServerCommand } from "./process.ts";

/** A server that can be stopped, killed and started again on the same port with the same data. */
export class RestartableServer {
  readonly #command: ServerCommand;
  #process: ServerProcess;

  private constructor(command: ServerCommand, process: ServerProcess) {
    this.#command = command;
    this.#process = process;
  }

  static async start(command: ServerCommand): Promise<RestartableServer> {
    try {
      return new RestartableServer(command, await ServerProcess.start(command));
    } catch (error) {
      if (command.isTemporary) rmSync(command.directory, { recursive: true, force: true });
      throw error;
    }
  }

  get process(): ServerProcess {
    return this.#process;
  }

  get directory(): string {
    return this.#command.directory;
  }

  /** Starts it again after a stop or a kill. */
  async start(): Promise<void> {
    if (this.#process.isRunning) throw new Error(`${this.#command.name} is running already`);
    this.#process = await ServerProcess.start(this.#command);
  }

  /** Asks it to stop; the data stays. */
  stop(graceMs?: number): Promise<Exit> {
    return this.#process.stop(graceMs);
  }

  /** kill -9; the data stays as it was at that moment. */
  kill(): Promise<Exit> {
    return this.#process.kill();
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  /** Ends it without ceremony and removes its directory, if that is a temporary one. For the end of a test. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#command.isTemporary) rmSync(this.#command.directory, { recursive: true, force: true });
  }
}
