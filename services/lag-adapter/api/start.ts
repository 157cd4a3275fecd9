import { connectionOf, KubeApi, kubeErrors } from "#kubernetes";
import { toError, type ServiceContext } from "#runtime";
import type { LagConfig } from "../config.ts";
import { AccessReviews } from "./access-reviews.ts";
import { CertificateFiles } from "./certificate-files.ts";
import type { Series } from "./external-metrics.ts";
import { MetricsApi } from "./metrics-api.ts";
import { apiMetrics } from "./metrics.ts";
import { RequestHeaderWatch } from "./request-header-watch.ts";

/** How often the files are looked at, and the API server is asked as long as it has not answered. */
const FILES_MS = 5000;
const CONFIG_MS = 60_000;

type Context = ServiceContext<LagConfig>;

/** Something that is read again and again, and what is known of it. */
interface Follower {
  readonly condition: string;
  readonly what: string;
  readonly everyMs: number;
  /** True if there is something new. */
  read(): Promise<boolean>;
}

/**
 * Serves the API where there is a certificate for it; `undefined` where there is none, as on a developer's machine. It
 * serves as soon as certificate and request-header configuration are there, and follows both as they change.
 */
export async function startApi(
  context: Context,
  series: readonly Series[],
): Promise<{ stop(): Promise<void> } | undefined> {
  const { config, clock, log, readiness, registry } = context;
  const events = apiMetrics(registry, () => certificate?.current?.endsAtMs);
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = config;
  const certificate = certFile === undefined ? undefined : new CertificateFiles(certFile, keyFile ?? "");
  if (certificate === undefined) return undefined;
  const api = new KubeApi(await connectionOf(context.config, context.clock));
  const requestHeader = new RequestHeaderWatch(api);
  const reviews = new AccessReviews({ api, clock });
  const { API_HOST: host, API_PORT: port } = config;
  const server = await MetricsApi.start({ host, port, series, reviews, readiness, clock, log, events });
  log.info({ host, port: server.port }, "serving external.metrics.k8s.io");
  const trust = (): void => {
    if (certificate.current === undefined || requestHeader.current === undefined) return;
    server.trust(certificate.current, requestHeader.current);
  };
  const end = new AbortController();
  const following = [
    { condition: "certificate", what: "certificate", everyMs: FILES_MS, read: () => certificate.read() },
    {
      condition: "request-header",
      what: "request-header configuration",
      everyMs: CONFIG_MS,
      read: () => requestHeader.read(),
    },
  ].map((follower) => follow(context, follower, trust, end.signal));
  return {
    stop: async () => {
      end.abort(new Error("stopping"));
      await Promise.all([...following, server.stop()]);
    },
  };
}

/** Reads for ever; not ready until it was read once. A failure is told once, as long as it stays the same. */
async function follow(
  { clock, log, readiness }: Context,
  follower: Follower,
  onNew: () => void,
  end: AbortSignal,
): Promise<void> {
  const { condition, what, everyMs } = follower;
  let isKnown = false;
  let problem: string | undefined;
  readiness.notReady(condition, `the ${what} was not read yet`);
  while (!end.aborted) {
    try {
      const isNew = await follower.read();
      if (isNew || !isKnown) onNew();
      if (isNew) log.info({ what }, "in use from now on");
      isKnown = true;
      problem = undefined;
      readiness.ready(condition);
    } catch (error) {
      const { message } = toError(error);
      if (message !== problem)
        log.warn({ err: error, what, hint: hintOf(error) }, "not read, what was read last stays");
      problem = message;
      if (!isKnown) readiness.notReady(condition, message);
    }
    await clock.sleep(isKnown ? everyMs : FILES_MS, end).catch(() => undefined);
  }
}

function hintOf(error: unknown): string | undefined {
  return kubeErrors.is(error, "FORBIDDEN")
    ? "bind Role extension-apiserver-authentication-reader to this account, in kube-system"
    : undefined;
}
