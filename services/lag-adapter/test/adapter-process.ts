/** The adapter as a process that serves its API, beside a scripted API server; for tests and the bench. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, ServerProcess, temporaryDirectory } from "#testkit";
import { ScriptedKubernetes } from "./scripted-kubernetes.ts";
import { ThrowAwayCa } from "./throw-away-ca.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export class AdapterProcess implements AsyncDisposable {
  readonly ca: ThrowAwayCa;
  readonly kubernetes: ScriptedKubernetes;
  readonly process: ServerProcess;
  readonly opsPort: number;
  readonly apiPort: number;
  readonly #directory: string;

  private constructor(
    parts: Pick<AdapterProcess, "ca" | "kubernetes" | "process" | "opsPort" | "apiPort">,
    directory: string,
  ) {
    this.ca = parts.ca;
    this.kubernetes = parts.kubernetes;
    this.process = parts.process;
    this.opsPort = parts.opsPort;
    this.apiPort = parts.apiPort;
    this.#directory = directory;
  }

  /** Ready; believes clients of the name `front-proxy`. */
  static async start(environment: Readonly<Record<string, string>>): Promise<AdapterProcess> {
    const ca = await ThrowAwayCa.create();
    const kubernetes = await ScriptedKubernetes.start(await ca.issue({ commonName: "api", usage: "server" }));
    kubernetes.setAuthentication(ca.pem, ["front-proxy"]);
    const directory = temporaryDirectory("lag-adapter");
    await putCertificate(ca, directory, "first");
    const [opsPort, apiPort] = (await freePorts(2)) as [number, number];
    const process = await startProcess(directory, opsPort, {
      ...environment,
      OPS_PORT: String(opsPort),
      API_PORT: String(apiPort),
      TLS_CERT_FILE: join(directory, "cert"),
      TLS_KEY_FILE: join(directory, "key"),
      KUBECONFIG: kubeconfig(directory, kubernetes.url),
    });
    return new AdapterProcess({ ca, kubernetes, process, opsPort, apiPort }, directory);
  }

  /** Its certificate from now on. */
  renew(commonName: string): Promise<void> {
    return putCertificate(this.ca, this.#directory, commonName);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    await this.kubernetes[Symbol.asyncDispose]();
  }
}

function startProcess(directory: string, opsPort: number, environment: Record<string, string>): Promise<ServerProcess> {
  return ServerProcess.start({
    name: "lag-adapter",
    command: process.execPath,
    args: [MAIN],
    directory,
    isTemporary: true,
    environment,
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
  });
}

async function putCertificate(ca: ThrowAwayCa, directory: string, commonName: string): Promise<void> {
  const pem = await ca.issue({ commonName, usage: "server" });
  for (const name of ["cert", "key"] as const) {
    writeFileSync(join(directory, `${name}.new`), pem[name]);
    renameSync(join(directory, `${name}.new`), join(directory, name));
  }
}

function kubeconfig(directory: string, server: string): string {
  const path = join(directory, "kubeconfig");
  const named = (kind: string, value: object) => [{ name: "x", [kind]: value }];
  const content = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "x",
    clusters: named("cluster", { server, "insecure-skip-tls-verify": true }),
    users: named("user", { token: "x" }),
    contexts: named("context", { cluster: "x", user: "x" }),
  };
  writeFileSync(path, JSON.stringify(content));
  return path;
}
