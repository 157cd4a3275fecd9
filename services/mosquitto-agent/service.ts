import type { ConnectionSettings } from "#mqtt";
import { toError, type RunningService, type ServiceContext } from "#runtime";
import { checkBroker } from "./broker-check.ts";
import { BrokerHealth } from "./broker-health.ts";
import { acceptsConnections } from "./broker-port.ts";
import { reloadBroker } from "./broker-process.ts";
import type { Refusal } from "./broker-refusal.ts";
import { brokerUsage, type BrokerUsage } from "./broker-usage.ts";
import type { AgentConfig } from "./config.ts";
import { FileWatch } from "./file-watch.ts";
import { agentMetrics } from "./metrics.ts";

const REFUSED: Readonly<Record<Refusal, string>> = {
  login:
    "the broker answers and refuses the agent's login; restart the pod if this stays: a Secret is read at the start",
  trust:
    "the broker answers and the agent does not trust its certificate; restart the pod if this stays: the CA is read at the start",
};

/**
 * Two loops beside a broker: one tells it when its files changed, one asks whether it answers. `/readyz` is the broker's
 * health, for the probes of the broker's container; `/healthz` is the agent's own.
 */
export function startAgent(context: ServiceContext<AgentConfig>): RunningService {
  const { registry, readiness } = context;
  readiness.notReady("broker", "it was not asked yet");
  const health = new BrokerHealth();
  const told = { reloads: 0 };
  const taken: { usage: BrokerUsage | undefined } = { usage: undefined };
  agentMetrics(registry, () => ({
    isUp: health.isUp,
    isRefused: health.refusal !== undefined,
    facts: health.facts,
    usage: taken.usage,
    reloads: told.reloads,
  }));
  const end = new AbortController();
  const loops = [followFiles(context, told, end.signal), checkAgain(context, health, taken, end.signal)];
  return {
    stop: async () => {
      end.abort(new Error("stopping"));
      await Promise.all(loops);
    },
  };
}

/** Told once at the start too: the broker may have read its files before this process looked at them first. */
async function followFiles(
  context: ServiceContext<AgentConfig>,
  told: { reloads: number },
  end: AbortSignal,
): Promise<void> {
  const { config, clock, log } = context;
  const watch = new FileWatch(config.WATCHED_FILES);
  let lastProblem: string | undefined;
  while (!end.aborted) {
    try {
      if (await tellOfChange(context, watch, end)) {
        told.reloads += 1;
        log.info({ files: config.WATCHED_FILES }, "the broker was told to read its files again");
      }
      lastProblem = undefined;
    } catch (error) {
      const { message } = toError(error);
      if (message !== lastProblem) log.warn({ cause: message }, "the broker could not be told, it will be tried again");
      lastProblem = message;
    }
    await clock.sleep(config.WATCH_INTERVAL, end).catch(() => undefined);
  }
}

/** Whether there was a change and the broker was told of it. While it does not listen yet the change stays pending. */
async function tellOfChange(
  { config, clock }: ServiceContext<AgentConfig>,
  watch: FileWatch,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await watch.hasChanged())) return false;
  // Before the signal: a change in between is then noticed at the next look.
  await watch.accept();
  let isTold = false;
  try {
    isTold = await reloadBroker(config.BROKER_PROCESS, () =>
      acceptsConnections(config.MQTT_URL, { clock, timeoutMs: config.CHECK_TIMEOUT, signal }),
    );
  } finally {
    if (!isTold) watch.forget();
  }
  return isTold;
}

async function checkAgain(
  context: ServiceContext<AgentConfig>,
  health: BrokerHealth,
  taken: { usage: BrokerUsage | undefined },
  end: AbortSignal,
): Promise<void> {
  while (!end.aborted) {
    await checkOnce(context, health, end);
    taken.usage = await brokerUsage(context.config.BROKER_PROCESS, taken.usage);
    await context.clock.sleep(context.config.CHECK_INTERVAL, end).catch(() => undefined);
  }
}

async function checkOnce(
  context: ServiceContext<AgentConfig>,
  health: BrokerHealth,
  signal: AbortSignal,
): Promise<void> {
  const { config, clock, log, readiness } = context;
  try {
    const facts = await checkBroker(settingsOf(config), { clock, timeoutMs: config.CHECK_TIMEOUT, signal });
    if (!health.isUp || health.refusal !== undefined) log.info("the broker answers");
    health.answered(facts);
    readiness.ready("broker");
  } catch (err) {
    if (!signal.aborted) onFailedCheck(context, health, toError(err));
  }
}

/** A refusal is the agent's own fault: the broker stays ready, and the agent starts again when it lasts. */
function onFailedCheck(
  { clock, log, readiness, fail }: ServiceContext<AgentConfig>,
  health: BrokerHealth,
  err: Error,
): void {
  const before = { isUp: health.isUp, refusal: health.refusal };
  const nowMs = clock.monotonicMs();
  health.failed(err, nowMs);
  if (health.refusal === undefined) {
    if (before.isUp) log.warn({ err }, "the broker does not answer");
    readiness.notReady("broker", err.message);
    return;
  }
  readiness.ready("broker");
  if (health.refusal !== before.refusal) log.error({ err }, REFUSED[health.refusal]);
  if (health.isStuck(nowMs)) fail(new Error("the broker still refuses the agent: it starts again", { cause: err }));
}

function settingsOf(config: AgentConfig): ConnectionSettings {
  return {
    url: config.MQTT_URL,
    clientId: "mosquitto-agent",
    username: config.MQTT_USERNAME,
    password: config.MQTT_PASSWORD,
    keepaliveSeconds: 30,
    sessionExpirySeconds: 0,
  };
}
