import { createRequire } from "node:module";

/**
 * This room stands on behaviour of MQTT.js that its documentation does not promise: an error in the callback of
 * `handleMessage` suppresses the PUBACK and nothing else (lib/handlers/publish), and a callback that is kept stops the
 * parsing. `test/mqttjs.integration.test.ts` asserts each such behaviour for exactly this version.
 */
export const MQTTJS_VERSION = "5.16.0";

let isChecked = false;

/** @throws if another version is installed than the one whose behaviour is tested. */
export function checkMqttjsVersion(): void {
  if (isChecked) return;
  const { version } = createRequire(import.meta.url)("mqtt/package.json") as { version: string };
  if (version !== MQTTJS_VERSION)
    throw new Error(`mqtt ${version} is installed, but this room is tested for ${MQTTJS_VERSION}: check it anew`);
  isChecked = true;
}
