import { describe, expect, it } from "vitest";
import { dataDirError, listenError, StartError } from "../start-error.ts";

const systemError = (code: string): Error => Object.assign(new Error(`${code}: …`), { code });

describe("why it cannot start", () => {
  it.each([
    [
      "EADDRINUSE",
      "--rest-port 9050: another process listens there; stop it, or choose another port (0: any free one)",
    ],
    ["EACCES", "--rest-port 9050: no permission to listen there; choose a port above 1023"],
    ["EADDRNOTAVAIL", "--host h: this machine has no such address; leave it out, or give 0.0.0.0 with --bearer-token"],
  ])("a listener: %s", (code, sentence) => {
    const error = listenError("--rest-port", "h", 9050, systemError(code));
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toBe(sentence);
  });

  it.each([
    [systemError("EACCES"), "no permission to write there"],
    [systemError("EROFS"), "read-only"],
    [systemError("ENOTDIR"), "it is a file"],
    [
      new Error('Could not set lock on file "x": Conflicting lock is held in /node (PID 12). See'),
      "process 12 uses it",
    ],
    [new Error('Could not set lock on file "x": Resource unavailable'), "another process uses it"],
  ])("a data directory: %s", (thrown, part) => {
    const error = dataDirError("/data", thrown);
    expect((error as Error).message).toContain(`--data-dir /data: `);
    expect((error as Error).message).toContain(part);
    expect((error as Error).cause).toBe(thrown);
  });

  it("leaves alone what it has no words for", () => {
    const thrown = new Error("boom");
    expect(dataDirError("/data", thrown)).toBe(thrown);
    expect(listenError("--rest-port", "h", 1, thrown)).toBe(thrown);
  });
});
