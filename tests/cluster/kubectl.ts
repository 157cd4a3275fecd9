import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface KubectlOutput {
  readonly stdout: string;
  /** Where kubectl puts the API server's warnings, even if it succeeds: https://kubernetes.io/blog/2020/09/03/warnings/ */
  readonly stderr: string;
}

/** Runs kubectl against the cluster of KUBECONFIG and gives what it printed. @throws with its own words. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return (await kubectlOutput(...args)).stdout;
}

/** As `kubectl`, with both streams. @throws with its own words. */
export async function kubectlOutput(...args: readonly string[]): Promise<KubectlOutput> {
  try {
    return await run("kubectl", [...args], { maxBuffer: MAX_OUTPUT_BYTES });
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    throw new Error(`kubectl ${args.join(" ")}: ${stderr.trim() === "" ? String(error) : stderr.trim()}`, {
      cause: error,
    });
  }
}

export async function kubectlJson<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(...args, "-o", "json")) as T;
}

/** `kubectl apply -f -` with this object. */
export async function applyObject(object: unknown, ...args: readonly string[]): Promise<void> {
  const child = spawn("kubectl", ["apply", ...args, "-f", "-"], { stdio: ["pipe", "ignore", "pipe"] });
  const errors = child.stderr.toArray();
  child.stdin.end(JSON.stringify(object));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0)
    throw new Error(
      Buffer.concat((await errors) as Buffer[])
        .toString()
        .trim(),
    );
}

/** Ports of this machine that lead to a Service of the cluster, until it is closed. */
export class PortForward implements Disposable {
  /** By the Service's port. */
  readonly ports: ReadonlyMap<number, number>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: ReadonlyMap<number, number>) {
    this.#child = child;
    this.ports = ports;
  }

  static async open(namespace: string, target: string, wanted: readonly number[]): Promise<PortForward> {
    const args = ["port-forward", "-n", namespace, target, ...wanted.map((port) => `:${port}`)];
    const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "inherit"] });
    const ports = new Map<number, number>();
    for await (const row of createInterface({ input: child.stdout })) {
      const [, here, there] = /127\.0\.0\.1:(\d+) -> (\d+)/.exec(row) ?? [];
      if (here !== undefined) ports.set(Number(there), Number(here));
      if (ports.size === wanted.length) return new PortForward(child, ports);
    }
    throw new Error(`kubectl ${args.join(" ")} ended`);
  }

  address(port: number): string {
    const here = this.ports.get(port);
    if (here === undefined) throw new RangeError(`port ${port} is not forwarded`);
    return `127.0.0.1:${here}`;
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}
