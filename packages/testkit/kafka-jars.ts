import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LOCAL_DIRECTORY } from "./local-directory.ts";
import { withLock } from "./lock.ts";

const run = promisify(execFile);
const POM = fileURLToPath(new URL("kafka/pom.xml", import.meta.url));

/** The version in the pom, which is the only place that names it. */
export function kafkaVersion(): string {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(POM, "utf8"))?.[1];
  if (version === undefined) throw new Error(`no version of Kafka in ${POM}`);
  return version;
}

/** What one version of Kafka is kept in. */
export function kafkaHome(): string {
  return join(LOCAL_DIRECTORY, "kafka", kafkaVersion());
}

/**
 * Fetches Kafka's jars by Maven, once per version (44 MB), and gives their directory. Rejects with the way out when
 * Maven or Java is missing.
 */
export async function kafkaJars(onProgress?: (step: string) => void): Promise<string> {
  const directory = join(kafkaHome(), "libs");
  if (existsSync(directory)) return directory;
  await withLock(join(LOCAL_DIRECTORY, "kafka", "fetch.lock"), async () => {
    if (existsSync(directory)) return;
    onProgress?.(`fetching Apache Kafka ${kafkaVersion()} by Maven (44 MB, once)`);
    const unfinished = `${directory}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(kafkaHome(), { recursive: true });
    await maven(unfinished);
    renameSync(unfinished, directory);
  });
  return directory;
}

async function maven(outputDirectory: string): Promise<void> {
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${outputDirectory}`];
  try {
    await run("mvn", ["-q", "-B", "-f", POM, ...goal]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new Error("Maven is not installed. On Debian or Ubuntu: sudo apt-get install maven", { cause: error });
    throw new Error("Maven could not fetch Kafka", { cause: error });
  }
}

/** Such as `17.0.15`. Rejects with the way out when there is no Java, or one that is too old for Kafka 4. */
export async function javaVersion(): Promise<string> {
  const { stderr } = await run("java", ["-version"]).catch((error: unknown) => {
    throw new Error(`Java is not installed. ${JAVA_WAY_OUT}`, { cause: error });
  });
  const version = /version "([^"]+)"/.exec(stderr)?.[1] ?? "unknown";
  if (Number.parseInt(version) < 17) throw new Error(`Java ${version} is too old for Kafka 4. ${JAVA_WAY_OUT}`);
  return version;
}

const JAVA_WAY_OUT = "On Debian or Ubuntu: sudo apt-get install openjdk-17-jre-headless";
