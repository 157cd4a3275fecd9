import { MqttConnection, type ConnectionSettings } from "#mqtt";
import type { Clock } from "#runtime";
import { PROBE_TOPIC } from "./config.ts";

/** What the broker says of itself: https://mosquitto.org/man/mosquitto-8.html#idm46045752449232 (`$SYS` topics). */
export type BrokerFacts = ReadonlyMap<string, number>;

const FACTS_FILTER = "$SYS/broker/#";

/**
 * One real round trip: TCP, TLS, login, a subscription, a publish with QoS 1 and its PUBACK. A broker that hangs passes
 * none of it, while its port may still take connections. Gives the retained `$SYS` values that came on the way.
 *
 * @throws MQTT_CONNECTION_FAILED and the like, or when it takes longer than `timeoutMs`.
 */
export async function checkBroker(
  settings: ConnectionSettings,
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<BrokerFacts> {
  const facts = new Map<string, number>();
  const late = new AbortController();
  const timer = clock.setTimer(timeoutMs, () => late.abort(new Error(`no answer within ${timeoutMs} ms`)));
  try {
    const given = AbortSignal.any([signal, late.signal]);
    const connection = await MqttConnection.open(settings, clock, {
      signal: given,
      onPublish: (_connection, { topic, payload }, answer) => {
        const value = Number(payload.toString().split(" ", 1)[0]);
        if (Number.isFinite(value)) facts.set(topic, value);
        answer();
      },
    });
    given.addEventListener("abort", () => connection.destroy(), { once: true });
    await connection.subscribe(FACTS_FILTER);
    await connection.publish(PROBE_TOPIC, Buffer.alloc(0));
    await connection.end({ endSession: true });
    return facts;
  } catch (error) {
    throw late.signal.aborted ? (late.signal.reason as Error) : error;
  } finally {
    timer.clear();
  }
}
