import { readFile } from "node:fs/promises";
import { Agent, type RequestOptions } from "node:https";
import type { Clock } from "#runtime";

/** Where the API server is, and as whom it is spoken to. */
export interface Connection {
  readonly server: URL;
  /** Certificates, agent and headers of the next request; tokens may change with time. */
  options(): Promise<RequestOptions>;
}

/** Where a pod finds its account: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The kubelet renews the token long before its end, at most an hour; so often it is read again. */
const TOKEN_AGE_MS = 60_000;

/** From inside a pod, as its service account. `host` and `port`: as Kubernetes gives them in the environment. */
export async function inClusterConnection(
  { host, port, directory = ACCOUNT }: { host: string; port: string; directory?: string },
  clock: Clock,
): Promise<Connection> {
  const agent = new Agent({ keepAlive: true, ca: await readFile(`${directory}/ca.crt`) });
  let token = "";
  let readAtMs = -Infinity;
  return {
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`),
    options: async () => {
      if (clock.monotonicMs() - readAtMs > TOKEN_AGE_MS) {
        token = (await readFile(`${directory}/token`, "utf8")).trim();
        readAtMs = clock.monotonicMs();
      }
      return { agent, headers: { authorization: `Bearer ${token}` } };
    },
  };
}

/**
 * From a developer's machine, by a kubeconfig with all its ways to log in, such as GKE's plugin. The client library is
 * loaded only here: it takes 80 MiB, which a pod has better uses for.
 */
export async function kubeconfigConnection(path: string): Promise<Connection> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${path} has no current context`);
  return {
    server: new URL(cluster.server),
    options: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return options;
    },
  };
}
