import type { ConnectionSettings } from "#mqtt";
import { toError, type RunningService, type ServiceContext } from "#runtime";
import { checkBroker, type BrokerFacts } from "./broker-check.ts";
import { reloadBroker } from "./broker-process.ts";
import type { AgentConfig } from "./config.ts";
import { FileWatch } from "./file-watch.ts";
import { agentMetrics } from "./metrics.ts";

interface BrokerState {
  isUp: boolean;
  facts: BrokerFacts;
}

const NO_FACTS: BrokerFacts = new Map();

/**
 * Two loops beside a broker: one tells it when its files changed, one asks whether it answers. `/readyz` is the broker's
 * health, for the probes of the broker's container; `/healthz` is the agent's own.
 */
export function startAgent(context: ServiceContext<AgentConfig>): RunningService {
  const { registry, readiness } = context;
  readiness.notReady("broker", "it was not asked yet");
  const state = { isUp: false, facts: NO_FACTS, reloads: 0 };
  agentMetrics(registry, () => state);
  const end = new AbortController();
  const loops = [followFiles(context, state, end.signal), checkAgain(context, state, end.signal)];
  return {
    stop: async () => {
      end.abort(new Error("stopping"));
      await Promise.all(loops);
    },
  };
}

/** Told once at the start too: the broker may have read its files before this process looked at them first. */
async function followFiles(
  { config, clock, log }: ServiceContext<AgentConfig>,
  state: { reloads: number },
  end: AbortSignal,
): Promise<void> {
  const watch = new FileWatch(config.WATCHED_FILES);
  let lastProblem: string | undefined;
  while (!end.aborted) {
    try {
      if (await watch.hasChanged()) {
        // Before the signal: a change in between is then noticed at the next look.
        await watch.accept();
        await reloadBroker(config.BROKER_PROCESS).catch((error: unknown) => {
          watch.forget();
          throw error;
        });
        state.reloads += 1;
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

async function checkAgain(context: ServiceContext<AgentConfig>, state: BrokerState, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    await checkOnce(context, state, end);
    await context.clock.sleep(context.config.CHECK_INTERVAL, end).catch(() => undefined);
  }
}

async function checkOnce(
  { config, clock, log, readiness }: ServiceContext<AgentConfig>,
  state: BrokerState,
  signal: AbortSignal,
): Promise<void> {
  try {
    state.facts = await checkBroker(settingsOf(config), { clock, timeoutMs: config.CHECK_TIMEOUT, signal });
    if (!state.isUp) log.info("the broker answers");
    state.isUp = true;
    readiness.ready("broker");
  } catch (err) {
    if (signal.aborted) return;
    if (state.isUp) log.warn({ err }, "the broker does not answer");
    state.isUp = false;
    readiness.notReady("broker", toError(err).message);
  }
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
