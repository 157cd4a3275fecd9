export {
  MqttConnection,
  SESSION_TAKEN_OVER,
  type ConnectionEnd,
  type ConnectionSettings,
  type Will,
} from "./connection.ts";
export { Device, type DeviceOptions } from "./device.ts";
export { isLoginRefused, mqttErrors } from "./errors.ts";
export { Subscriber, type SubscriberCounters, type SubscriberOptions, type SubscriberState } from "./subscriber.ts";
