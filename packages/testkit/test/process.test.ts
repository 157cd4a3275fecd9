import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, freePorts, ServerProcess, temporaryDirectory, withLock, type ServerCommand } from "#testkit";
import { reapOrphans } from "../run-records.ts";

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory("process-test");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const shell = (script: string, more: Partial<ServerCommand> = {}): Promise<ServerProcess> =>
  ServerProcess.start({
    name: "shell",
    command: "sh",
    args: ["-c", script],
    directory,
    isTemporary: true,
    isReady: (log) => log.includes("ready"),
    ...more,
  });

/** The state letter of a process, see man 5 proc; `gone` once there is none. */
function stateOf(pid: number): string {
  try {
    const state = /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "gone";
    return state === "Z" ? "gone" : state;
  } catch {
    return "gone";
  }
}

describe("ServerProcess", () => {
  test("is started when it is ready, and stops when asked", async () => {
    const server = await shell("trap 'echo bye; exit 7' TERM; sleep 0.05; echo ready; while :; do sleep 0.01; done");
    expect(server.isRunning).toBe(true);
    expect(await server.stop()).toEqual({ code: 7, signal: null });
    expect(server.log()).toBe("ready\nbye\n");
    expect(server.isRunning).toBe(false);
  });

  test("fails fast, with the end of the log, when the server exits", async () => {
    const started = shell("echo 'port is taken' >&2; exit 3", { readyTimeoutMs: 3_600_000 });
    await expect(started).rejects.toThrow(/shell exited \(3\):\nport is taken/);
  });

  test("a server that never gets ready is killed", async () => {
    const started = shell("echo $$; sleep 600", { readyTimeoutMs: 100 });
    const error = await started.catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ message: expect.stringMatching(/not ready within 100 ms/) as string });
    const pid = Number((error as Error).message.split("\n")[1]);
    expect(stateOf(pid)).toBe("gone");
  });

  test("a question that is never answered waits no longer than the time limit, or until the server exits", async () => {
    const isReady = (): Promise<boolean> => new Promise(() => undefined);
    await expect(shell("sleep 600", { isReady, readyTimeoutMs: 100 })).rejects.toThrow(/not ready within 100 ms/);
    await expect(shell("exit 3", { isReady, readyTimeoutMs: 3_600_000 })).rejects.toThrow(/exited \(3\)/);
  });

  test("a missing binary is an error", async () => {
    await expect(shell("", { command: "no-such-server" })).rejects.toThrow(/ENOENT/);
  });

  test("one that ignores SIGTERM is killed after the grace, also while it is paused", async () => {
    const server = await shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    server.pause();
    await eventually(
      "stopped",
      () => stateOf(server.pid),
      (state) => state === "T",
    );
    server.resume();
    await eventually(
      "running",
      () => stateOf(server.pid),
      (state) => state !== "T",
    );
    server.pause();
    expect(await server.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
  });

  test.each([
    ["exits", false],
    ["is killed without a word", true],
  ])("is gone, with its directory, when its owner %s", async (_name, isKilled) => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL("fixture-owner.ts", import.meta.url))], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = (await once(owner.stdout, "data")) as [Buffer];
    const server = JSON.parse(line.toString()) as { pid: number; directory: string };
    reapOrphans();
    expect(stateOf(server.pid)).not.toBe("gone");
    if (isKilled) owner.kill("SIGKILL");
    else owner.stdin.write("exit");
    await once(owner, "exit");
    if (isKilled) reapOrphans();
    await eventually(
      "the server is gone",
      () => stateOf(server.pid),
      (state) => state === "gone",
    );
    expect(existsSync(server.directory)).toBe(false);
  });
});

test("ports are all different and outside the range of outgoing connections", async () => {
  const ports = await freePorts(50);
  expect(new Set(ports).size).toBe(50);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});

test("a lock is held by one at a time, and a dead holder does not count", async () => {
  const path = `${directory}/test.lock`;
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
  };
  await Promise.all([withLock(path, work), withLock(path, work)]);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(path, "999999999");
  await withLock(path, work);
});
