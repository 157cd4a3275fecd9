import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LOCAL_DIRECTORY } from "./local-directory.ts";
import { withLock } from "./lock.ts";

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL("kube", import.meta.url));
const NAMES = ["etcd", "kube-apiserver"] as const;
const BUILD_TIMEOUT_MS = 60 * 60_000;

/** The version in go.mod, which is the only place that names it. */
export function kubernetesVersion(): string {
  const version = /k8s\.io\/kubernetes (v[0-9.]+)/.exec(readFileSync(join(SOURCE, "go.mod"), "utf8"))?.[1];
  if (version === undefined) throw new Error(`no version of Kubernetes in ${SOURCE}/go.mod`);
  return version;
}

/**
 * The directory with `etcd` and `kube-apiserver`: `KUBE_BINARIES` if that is set, else one of the PATH, else what was
 * built before, else it is built with Go from the published modules: some ten minutes of two cores and 3 GB of Go's
 * caches, once for each version. Rejects with the way out when there is no Go.
 */
export async function kubeBinaries(onProgress?: (step: string) => void): Promise<string> {
  const given = process.env["KUBE_BINARIES"];
  if (given !== undefined && given !== "") {
    if (!isComplete(given)) throw new Error(`KUBE_BINARIES is ${given}, which has no etcd and kube-apiserver`);
    return given;
  }
  const built = join(LOCAL_DIRECTORY, "kube", kubernetesVersion());
  const found = [...(process.env["PATH"] ?? "").split(":"), built].find(isComplete);
  if (found !== undefined) return found;
  await withLock(join(LOCAL_DIRECTORY, "kube", "build.lock"), async () => {
    if (!isComplete(built)) await build(built, onProgress);
  });
  return built;
}

function isComplete(directory: string): boolean {
  return NAMES.every((name) => existsSync(join(directory, name)));
}

async function build(directory: string, onProgress?: (step: string) => void): Promise<void> {
  onProgress?.(`building etcd and kube-apiserver ${kubernetesVersion()} with Go (some ten minutes, once)`);
  const unfinished = `${directory}.${process.pid}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  const args = ["build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", join(unfinished, "kube"), "."];
  try {
    await run("go", args, { cwd: SOURCE, env: { ...process.env, CGO_ENABLED: "0" }, timeout: BUILD_TIMEOUT_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new Error(WAY_OUT, { cause: error });
    throw new Error("Go could not build etcd and kube-apiserver", { cause: error });
  }
  for (const name of NAMES) symlinkSync("kube", join(unfinished, name));
  renameSync(unfinished, directory);
}

const WAY_OUT =
  "etcd and kube-apiserver are not there, and neither is Go, which builds them. Set KUBE_BINARIES to a directory that has both, or install Go 1.24 or newer (https://go.dev/dl)";
