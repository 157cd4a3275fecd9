import { describe, expect, it } from "vitest";
import { dataDirError } from "../start-error.ts";

const systemError = (code: string): Error => Object.assign(new Error(`${code}: …`), { code });

describe("why it cannot start", () => {
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
  });
});
