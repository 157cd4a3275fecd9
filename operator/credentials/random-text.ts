import { randomBytes } from "node:crypto";

/**
 * 128 random bits as 22 characters of base64url, RFC 4648, section 5. None begins with a hyphen, which programs would
 * take for an option; so each is also a cluster id for Kafka: https://kafka.apache.org/documentation/#quickstart_startserver.
 */
export function randomText(random: (bytes: number) => Buffer = randomBytes): string {
  for (;;) {
    const text = random(16).toString("base64url");
    if (!text.startsWith("-")) return text;
  }
}
