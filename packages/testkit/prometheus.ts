import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_DIRECTORY, temporaryDirectory } from "./local-directory.ts";
import { freePort } from "./ports.ts";
import { RestartableServer } from "./restartable.ts";

export interface PrometheusOptions {
  /** Files by name; `prometheus.yml` must be among them, and may name the others. */
  readonly files: Readonly<Record<string, string>>;
  /** Where it keeps its data; default: a temporary directory, removed at the end. */
  readonly directory?: string;
  readonly onProgress?: (step: string) => void;
}

export interface Prometheus {
  readonly url: string;
  readonly server: RestartableServer;
  /** What an expression gives now. Rejects with the words of Prometheus if it does not take it. */
  query(expression: string): Promise<readonly Sample[]>;
  /** Asks its API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
  api(path: string): Promise<unknown>;
}

/** One series and its value at the moment of the question. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Where `make setup` puts them where Debian's package is not installed: its service is not wanted. */
const OWN_BINARIES = join(LOCAL_DIRECTORY, "prometheus", "usr", "bin");

/** `prometheus` or `promtool`. @throws if it is not there, with the way out. */
export function prometheusBinary(name: "prometheus" | "promtool"): string {
  const inPath = (process.env["PATH"] ?? "").split(":");
  const found = [...inPath, OWN_BINARIES].map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`${name} is not there. On Debian or Ubuntu: tools/setup.sh, or sudo apt-get install prometheus`);
  return found;
}

/** Starts a real Prometheus on a free port. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const directory = options.directory ?? temporaryDirectory("prometheus");
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(options.files)) writeFileSync(join(directory, name), text);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  options.onProgress?.(`starting Prometheus on 127.0.0.1:${port}`);
  const server = await RestartableServer.start({
    name: "prometheus",
    command: prometheusBinary("prometheus"),
    args: [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    directory,
    isTemporary: options.directory === undefined,
    isReady: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  const api = (path: string): Promise<unknown> => ask(`${url}/api/v1/${path}`);
  return { url, server, api, query: async (expression) => samples(await api(`query?${queryOf(expression)}`)) };
}

function queryOf(expression: string): string {
  return new URLSearchParams({ query: expression }).toString();
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: unknown;
}

async function ask(url: string): Promise<unknown> {
  const { status, error, data } = (await (await fetch(url)).json()) as Answer;
  if (status !== "success") throw new Error(`Prometheus: ${error ?? status}`);
  return data;
}

type Point = readonly [seconds: number, value: string];

function samples(data: unknown): Sample[] {
  const { resultType, result } = data as { resultType: string; result: unknown };
  if (resultType === "scalar") return [{ metric: {}, value: Number((result as Point)[1]) }];
  return (result as { metric: Sample["metric"]; value: Point }[]).map(({ metric, value: [, value] }) => ({
    metric,
    value: Number(value),
  }));
}
