/**
 * Memory of the bridge while Kafka is stopped and the broker is full of messages for it.
 * `npx node services/mqtt-bridge/bench/outage-memory.ts`.
 *
 * The bridge takes as many messages as its bounds let it and goes on trying to send; what it needs must not grow.
 */
import { kafkaTopics } from "#events";
import { ensureTopics, kafkaClient } from "#kafka";
import { silentLogger, systemClock } from "#runtime";
import { eventually, startKafka, startMosquitto, type Figure } from "#testkit";
import { queue, sample, startBridge } from "./world.ts";

const MESSAGES = 200_000;
const LASTS_MS = 45_000;
const INTERVAL_MS = 1000;

/** Measures for three quarters of a minute; `say` is told what is going on. */
export async function benchOutageMemory(say: (line: string) => void): Promise<Figure[]> {
  const settings = ["allow_anonymous true", "max_inflight_messages 0"];
  const [mosquitto, kafka] = await Promise.all([startMosquitto({ settings }), startKafka()]);
  try {
    const admin = kafkaClient({ brokers: [kafka.address], clientId: "bench", log: silentLogger }).admin();
    await admin.connect();
    await ensureTopics(admin, [kafkaTopics.readings, kafkaTopics.deadLetters], { clock: systemClock });
    await admin.disconnect();
    const bridge = await startBridge(mosquitto, kafka.address);
    await eventually("connected", () => bridge.process.log().includes("connected to the MQTT broker"));
    await kafka.server.kill();
    await queue(mosquitto, MESSAGES);
    const { outstanding } = await sample(bridge.port);
    say(`${MESSAGES} messages sent, the bridge has taken ${outstanding}, the others wait in the broker`);
    const rssMiB = await rssOver(bridge.port);
    // It cannot stop in order, because Kafka does not confirm.
    await bridge.process.kill();
    return figuresOf(rssMiB);
  } finally {
    await Promise.all([mosquitto.server[Symbol.asyncDispose](), kafka.server[Symbol.asyncDispose]()]);
  }
}

function figuresOf(rssMiB: readonly number[]): Figure[] {
  const figure = (which: string, value: number, must = ""): Figure => {
    return { name: `memory with Kafka stopped, ${which}`, value, unit: "MiB", must };
  };
  return [
    figure("most", Math.max(...rssMiB), "< 200, flat"),
    figure("first", rssMiB[0] ?? NaN),
    figure("last", rssMiB.at(-1) ?? NaN),
  ];
}

async function rssOver(port: number): Promise<number[]> {
  const rssMiB: number[] = [];
  const endMs = systemClock.monotonicMs() + LASTS_MS;
  while (systemClock.monotonicMs() < endMs) {
    await systemClock.sleep(INTERVAL_MS);
    rssMiB.push((await sample(port)).rssMiB);
  }
  return rssMiB;
}

if (import.meta.main)
  for (const { name, value, unit } of await benchOutageMemory((line) => console.log(line)))
    console.log(`${name.padEnd(40)} ${value.toFixed(1).padStart(9)} ${unit}`);
