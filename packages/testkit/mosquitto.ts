import { execFile } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "./local-directory.ts";
import { freePort } from "./ports.ts";
import { RestartableServer } from "./restartable.ts";

export interface MosquittoOptions {
  /** Where it keeps its data; default: a temporary directory, removed at the end. */
  readonly directory?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More lines for mosquitto.conf, https://mosquitto.org/man/mosquitto-conf-5.html; default: anybody may do anything. */
  readonly settings?: readonly string[];
  /** Default: the installed one. */
  readonly binary?: string;
  readonly onProgress?: (step: string) => void;
}

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly server: RestartableServer;
}

const BINARIES = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"];

/** The installed binary, or `undefined`. Debian puts it where PATH of a user does not look. */
export function mosquittoBinary(): string | undefined {
  const inPath = (process.env["PATH"] ?? "").split(":").map((directory) => join(directory, "mosquitto"));
  return [...inPath, ...BINARIES].find((path) => existsSync(path));
}

/** Such as `2.0.11`. @throws if it is not installed. */
export async function mosquittoVersion(): Promise<string> {
  // Its help is the only place that names it, and comes with exit code 1 or 3.
  const { stdout, stderr } = await promisify(execFile)(installedBinary(), ["-h"]).catch((error: unknown) => {
    if (error instanceof Error && "stdout" in error && "stderr" in error) return error;
    throw error;
  });
  return /version (\S+)/.exec(String(stdout) + String(stderr))?.[1] ?? "unknown";
}

/** Starts the real broker: persistent, saving every 5 s, with queues that are bounded by bytes and not by number. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const binary = options.binary ?? installedBinary();
  const directory = options.directory ?? temporaryDirectory("mosquitto");
  const port = options.port ?? (await freePort());
  const configuration = join(directory, "mosquitto.conf");
  mkdirSync(directory, { recursive: true });
  writeFileSync(configuration, configurationText(directory, port, options.settings ?? ["allow_anonymous true"]));
  options.onProgress?.(`starting Mosquitto on 127.0.0.1:${port}`);
  const server = await RestartableServer.start({
    name: "mosquitto",
    command: binary,
    args: ["-c", configuration],
    directory,
    isTemporary: options.directory === undefined,
    isReady: () => answersConnect(port),
  });
  return { port, url: `mqtt://127.0.0.1:${port}`, server };
}

function installedBinary(): string {
  const binary = mosquittoBinary();
  if (binary === undefined)
    throw new Error("mosquitto is not installed. On Debian or Ubuntu: sudo apt-get install mosquitto");
  return binary;
}

function configurationText(directory: string, port: number, settings: readonly string[]): string {
  const lines = [
    // Started as root it would become the user `mosquitto`, who cannot write to the directory.
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    `listener ${port} 127.0.0.1`,
    "persistence true",
    `persistence_location ${directory}/`,
    "autosave_interval 5",
    "max_queued_messages 0",
    "max_queued_bytes 268435456",
    "log_dest stderr",
    ...settings,
  ];
  return lines.join("\n") + "\n";
}

/** A line of its password file, as `mosquitto_passwd` makes it: https://mosquitto.org/man/mosquitto_passwd-1.html */
export function mosquittoPasswordLine(user: string, password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, "sha512");
  return `${user}:$7$101$${salt.toString("base64")}$${hash.toString("base64")}\n`;
}

/** MQTT 3.1.1, section 3.1: CONNECT with protocol `MQTT`, level 4, clean session, keepalive 10 s, empty client id. */
const CONNECT = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 10, 0, 0]);
const CONNACK = 0x20;

/** Any CONNACK will do: also a refusal for want of a password shows that the broker is there. */
function answersConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(CONNECT));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once("data", (data) => {
      resolve(data[0] === CONNACK);
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
