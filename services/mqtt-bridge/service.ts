import type { SubscriberState } from "#mqtt";
import { toError, type RunningService, type ServiceContext } from "#runtime";
import { Bridge, type BridgeOptions } from "./bridge.ts";
import type { BridgeConfig } from "./config.ts";
import { eventMetrics, stateMetrics } from "./metrics.ts";

/** Builds the bridge from its configuration and runs it. */
export async function startBridge(context: ServiceContext<BridgeConfig>): Promise<RunningService> {
  const { config, log, clock, registry, stopping, readiness, fail } = context;
  readiness.notReady("mqtt", NOT_READY.connecting);
  const bridge = new Bridge({
    mqtt: mqttOptions(config, (state) => {
      if (state === "connected") readiness.ready("mqtt");
      else readiness.notReady("mqtt", NOT_READY[state]);
    }),
    kafka: { brokers: config.KAFKA_BROKERS, clientId: config.MQTT_CLIENT_ID, log },
    clock,
    log,
    events: eventMetrics(registry),
    onFatal: fail,
  });
  stateMetrics(registry, bridge);
  await bridge.start(stopping);
  return config.DRAIN ? drain(bridge, context) : { stop: () => bridge.stop() };
}

const NOT_READY: Readonly<Record<Exclude<SubscriberState, "connected">, string>> = {
  connecting: "the broker has not granted the subscription yet",
  waiting: "disconnected on purpose until Kafka confirms",
  stopped: "stopped",
};

function mqttOptions(config: BridgeConfig, onState: (state: SubscriberState) => void): BridgeOptions["mqtt"] {
  return {
    connection: {
      url: config.MQTT_URL,
      clientId: config.MQTT_CLIENT_ID,
      username: config.MQTT_USERNAME,
      password: config.MQTT_PASSWORD,
      keepaliveSeconds: config.MQTT_KEEPALIVE / 1000,
      sessionExpirySeconds: config.MQTT_SESSION_EXPIRY / 1000,
    },
    filter: config.MQTT_SUBSCRIPTION,
    mode: config.DRAIN ? "drain" : "subscribe",
    maxOutstanding: config.MAX_OUTSTANDING,
    maxOutstandingBytes: config.MAX_OUTSTANDING_BYTES,
    onState,
  };
}

/**
 * Asks the process to stop once the session is empty, by the signal that any stop comes by. A stop from outside before
 * that fails, so that exit code 0 always means: nothing is left in this session, and it is gone.
 */
function drain(bridge: Bridge, { config, log, stopping }: ServiceContext<BridgeConfig>): RunningService {
  let isDrained = false;
  bridge.subscriber.drained(config.DRAIN_QUIET, stopping).then(
    () => {
      isDrained = true;
      log.info({ received: bridge.subscriber.counters.received }, "the session is drained");
      process.kill(process.pid, "SIGTERM");
    },
    (error: unknown) => log.warn({ err: toError(error) }, "the session is not drained"),
  );
  return {
    stop: async () => {
      await bridge.stop({ endSession: isDrained });
      if (!isDrained) throw new Error("stopped before the session was drained: run it again");
    },
  };
}
