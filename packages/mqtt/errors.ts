import { errorList } from "#runtime";

/** Everything this room throws on purpose. */
export const mqttErrors = errorList({
  /** No connection: the broker is not there, did not answer in time, or refused it: then its reason code is a detail. */
  MQTT_CONNECTION_FAILED: { retryable: true },
  /** The broker does not let this client subscribe, or only with a lesser guarantee. */
  MQTT_SUBSCRIPTION_REFUSED: { retryable: false },
  /** Another client connected with this client id: two processes share a name that must belong to one. */
  MQTT_SESSION_TAKEN_OVER: { retryable: false },
  /** The broker took the message and had nobody to give it to (reason code 16): it is gone. */
  MQTT_NO_SUBSCRIBERS: { retryable: true },
  /** The connection ended before the PUBACK: whether the message was delivered is unknown. */
  MQTT_NOT_ACKNOWLEDGED: { retryable: true },
  /** The broker refuses the message, because it is not allowed or malformed; the reason code is in the details. */
  MQTT_PUBLISH_REFUSED: { retryable: false },
  /** The broker has no room for the message now (reason code 151). */
  MQTT_QUOTA_EXCEEDED: { retryable: true },
  /** As many publishes as allowed wait for their PUBACK. */
  MQTT_IN_FLIGHT_FULL: { retryable: true },
});

/**
 * Bad user name or password; not authorized, which is what Mosquitto says of both:
 * https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901079
 */
const LOGIN_REFUSED: readonly unknown[] = [0x86, 0x87];

/** Whether a connection failed because the broker does not let this user in, or not with this password. */
export function isLoginRefused(error: unknown): boolean {
  return mqttErrors.is(error, "MQTT_CONNECTION_FAILED") && LOGIN_REFUSED.includes(error.details["reasonCode"]);
}
