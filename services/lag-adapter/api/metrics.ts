import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { refusals } from "./authenticate.ts";
import type { ApiEvents } from "./metrics-api.ts";

/** Upper ends in seconds: from memory, and with a question to the API server. */
const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 1, 5];

/** Registers what the API tells; `endsAtMs`: of the certificate that it shows, if it shows one. */
export function apiMetrics(registry: Registry, endsAtMs: () => number | undefined): ApiEvents {
  const registers = [registry];
  const answers = new Counter({
    name: "lag_api_requests_total",
    help: "Requests to the external metrics API, by code; probes are not counted.",
    labelNames: ["code"],
    registers,
  });
  const seconds = new Histogram({
    name: "lag_api_request_seconds",
    help: "Time to answer one.",
    buckets: ANSWER_SECONDS,
    registers,
  });
  const refused = new Counter({
    name: "lag_api_refused_total",
    help: "Requests that were refused: without a certificate that vouches for somebody, not allowed, or not to be asked.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of [...Object.keys(refusals), "forbidden", "review_failed"]) refused.inc({ reason }, 0);
  answers.inc({ code: "200" }, 0);
  const expiry = new Gauge({
    name: "certificate_expiry_timestamp_seconds",
    help: "When the certificate that the API shows ends, seconds since 1970; no series where there is none.",
    registers,
    collect: () => {
      expiry.remove();
      const endMs = endsAtMs();
      if (endMs !== undefined) expiry.set(endMs / 1000);
    },
  });
  return {
    onAnswer: (code, durationMs) => {
      answers.inc({ code: String(code) });
      seconds.observe(durationMs / 1000);
    },
    onRefused: (reason) => refused.inc({ reason }),
  };
}
