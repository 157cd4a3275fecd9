import { kafkaTopics } from "#events";
import { followTopic, kafkaClient, readTopic, type ReadRecord } from "#kafka";
import { silentLogger, systemClock, toError } from "#runtime";
import { demoDirectory, environment, variable } from "./config.ts";
import { runningDemo } from "./endpoints.ts";

/** `make tail TOPIC=readings`: shows records of the running demo as they come, or all there are with FROM=start. */
process.exitCode = await main().catch((error: unknown) => refuse(toError(error).message));

async function main(): Promise<number> {
  const running = runningDemo(demoDirectory(environment));
  if (running === undefined) return refuse("No demo is running: start one with `make demo` in another terminal.");
  const topic = variable("TOPIC") ?? kafkaTopics.readings.name;
  const kafka = kafkaClient({ brokers: [running.kafka], clientId: "tail", log: silentLogger });
  const reading = { kafka, topic, clock: systemClock, onRecord: print };
  if (!(await topicsOf(kafka)).includes(topic))
    return refuse(`There is no topic ${topic}. There are: ${(await topicsOf(kafka)).join(", ")}`);
  if (variable("FROM") === "start") await readTopic(reading);
  else await untilInterrupted((signal) => followTopic({ ...reading, signal }));
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

async function topicsOf(kafka: ReturnType<typeof kafkaClient>): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((name) => !name.startsWith("__"));
  } finally {
    await admin.disconnect();
  }
}

/** partition:offset, append time, key, value. */
function print({ partition, message }: ReadRecord): void {
  const time = new Date(Number(message.timestamp)).toISOString();
  process.stdout.write(
    `${partition}:${message.offset}  ${time}  ${message.key?.toString() ?? "-"}  ${message.value?.toString() ?? "-"}\n`,
  );
}

async function untilInterrupted(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const reason = new Error("interrupted");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(reason));
  const ended = systemClock.setInterval(1000, () => {
    if (runningDemo(demoDirectory(environment)) !== undefined) return;
    process.stderr.write("the demo has ended\n");
    // There is nobody left to say goodbye to.
    process.exit(0);
  });
  // Whoever reads through `head` closes the pipe when it has enough.
  process.stdout.on("error", () => stop.abort(reason));
  try {
    await run(stop.signal);
  } catch (error) {
    if (error !== reason) throw toError(error);
  } finally {
    ended.clear();
  }
}
