import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeBinaries } from "./kube-binaries.ts";
import { temporaryDirectory } from "./local-directory.ts";
import { freePorts } from "./ports.ts";
import { RestartableServer } from "./restartable.ts";

export interface KubeApiServerOptions {
  readonly onProgress?: (step: string) => void;
  /** With it other servers' APIs can be added; without it the aggregation layer is off. */
  readonly frontProxy?: FrontProxy;
}

/** By which the server vouches for its users before others, PEM; the certificate's common name is `front-proxy-client`. */
export interface FrontProxy {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A real API server with its etcd, and nothing else: no controller runs, no pod starts, nothing is collected. */
export interface KubeApiServer extends AsyncDisposable {
  readonly url: string;
  /** Of an administrator, who may do everything. */
  readonly token: string;
  /** For kubectl and for whoever reads `KUBECONFIG`. */
  readonly kubeconfig: string;
  readonly server: RestartableServer;
  readonly etcd: RestartableServer;
}

const TOKEN = "administrator";

/** Starts etcd and kube-apiserver on loopback; see {@link kubeBinaries} for where they come from. */
export async function startKubeApiServer({
  onProgress,
  frontProxy,
}: KubeApiServerOptions = {}): Promise<KubeApiServer> {
  const binaries = await kubeBinaries(onProgress);
  const directory = temporaryDirectory("kube");
  const [port, etcdPort, peerPort] = (await freePorts(3)) as [number, number, number];
  onProgress?.(`starting kube-apiserver on 127.0.0.1:${port}`);
  const etcd = await startEtcd(join(binaries, "etcd"), join(directory, "etcd"), etcdPort, peerPort);
  try {
    const settings = { directory: join(directory, "apiserver"), port, etcdPort, frontProxy };
    const server = await startServer(join(binaries, "kube-apiserver"), settings);
    const url = `https://127.0.0.1:${port}`;
    const kubeconfig = join(directory, "kubeconfig");
    writeFileSync(kubeconfig, kubeconfigText(url));
    const dispose = async (): Promise<void> => {
      await server.kill();
      await etcd.kill();
      rmSync(directory, { recursive: true, force: true });
    };
    return { url, token: TOKEN, kubeconfig, server, etcd, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await etcd.kill();
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function startEtcd(command: string, directory: string, port: number, peerPort: number): Promise<RestartableServer> {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const args = {
    name: "etcd",
    "data-dir": join(directory, "data"),
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `etcd=${peer}`,
    "log-level": "warn",
  };
  return RestartableServer.start({
    name: "etcd",
    command,
    // Nothing here has to survive a loss of power.
    args: [...flags(args), "--unsafe-no-fsync"],
    directory,
    isTemporary: true,
    isReady: async () => (await fetch(`${client}/health`)).ok,
  });
}

interface ServerSettings {
  readonly directory: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly frontProxy: FrontProxy | undefined;
}

function startServer(
  command: string,
  { directory, port, etcdPort, frontProxy }: ServerSettings,
): Promise<RestartableServer> {
  mkdirSync(directory, { recursive: true });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = join(directory, "service-accounts.key");
  const tokens = join(directory, "tokens.csv");
  writeFileSync(key, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  writeFileSync(tokens, `${TOKEN},administrator,administrator,system:masters\n`, { mode: 0o600 });
  const args = {
    "etcd-servers": `http://127.0.0.1:${etcdPort}`,
    "bind-address": "127.0.0.1",
    "secure-port": String(port),
    "cert-dir": join(directory, "certificates"),
    "service-cluster-ip-range": "10.96.0.0/16",
    "authorization-mode": "RBAC",
    "token-auth-file": tokens,
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": key,
    "service-account-signing-key-file": key,
    ...(frontProxy === undefined ? {} : frontProxyFlags(directory, frontProxy)),
    // Pods may be made without the controller that makes the accounts for them.
    "disable-admission-plugins": "ServiceAccount",
  };
  return RestartableServer.start({
    name: "kube-apiserver",
    command,
    args: flags(args),
    directory,
    isTemporary: true,
    readyTimeoutMs: 90_000,
    isReady: (log) => answersReady(port, log),
  });
}

/** https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#enable-kubernetes-apiserver-flags */
function frontProxyFlags(directory: string, { ca, cert, key }: FrontProxy): Record<string, string> {
  const file = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  return {
    "requestheader-client-ca-file": file("front-proxy-ca.pem", ca),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": file("front-proxy.pem", cert),
    "proxy-client-key-file": file("front-proxy-key.pem", key),
  };
}

async function answersReady(port: number, log: string): Promise<boolean> {
  if (!log.includes("Serving securely")) return false;
  const { get } = await import("node:https");
  return new Promise((resolve) => {
    const options = { rejectUnauthorized: false, headers: { authorization: `Bearer ${TOKEN}` }, timeout: 2000 };
    const request = get(`https://127.0.0.1:${port}/readyz`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
    request.on("timeout", () => request.destroy(new Error("no answer")));
  });
}

function flags(args: Readonly<Record<string, string>>): string[] {
  return Object.entries(args).map(([name, value]) => `--${name}=${value}`);
}

function kubeconfigText(server: string): string {
  const named = (kind: string, value: unknown): unknown => [{ name: "test", [kind]: value }];
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: named("cluster", { server, "insecure-skip-tls-verify": true }),
    users: named("user", { token: TOKEN }),
    contexts: named("context", { cluster: "test", user: "test", namespace: "default" }),
  });
}
