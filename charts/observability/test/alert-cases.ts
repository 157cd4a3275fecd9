/** Series by what Prometheus calls them, in promtool's notation: a value each 15 s, `0+5x10` is 0, 5, 10, … */
export type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly minutes: number;
  /** Makes the alert fire at that time. */
  readonly fires: readonly Series[];
  /** Just below the threshold, or like trouble and none. */
  readonly quiet: readonly Series[];
  /** When the first of `fires` must not fire yet. */
  readonly notYetMinutes: number;
}

const LAG = 'kafka_consumer_lag_seconds{group="g",topic="t"}';
const KNOWN = 'kafka_consumer_lag_known{group="g",topic="t",pod="a"}';
const LEADS = 'leader_election_master_status{pod="a"}';
const REJECTED = 'bridge_rejected_total{reason="not_json"}';
const RECEIVED = "bridge_received_total";
const ON = 'simulator_devices_on{fleet="city",pod="a"}';
const CONNECTED = 'simulator_connected{fleet="city",pod="a"}';
const ENDS = 'certificate_expiry_timestamp_seconds{part="sensorfleet-operator",secret="mosquitto-tls"}';
const FORTNIGHT_SECONDS = 14 * 86_400;

/** What must fire each alert, and what must not. */
export const alertCases: Readonly<Record<string, AlertCase>> = {
  LagGrows: {
    minutes: 10,
    fires: [{ [LAG]: "50+5x80" }],
    // Below 60 s though it rises; far above though it falls.
    quiet: [{ [LAG]: "50+0.2x80" }, { [LAG]: "900-5x80" }],
    notYetMinutes: 4,
  },
  LagLasts: { minutes: 12, fires: [{ [LAG]: "901x80" }], quiet: [{ [LAG]: "900x80" }], notYetMinutes: 9 },
  NothingStored: {
    minutes: 4,
    fires: [
      { writer_rows_stored_total: "100x40", bridge_readings_total: "0+10x40" },
      // No writer at all.
      { bridge_readings_total: "0+10x40" },
    ],
    quiet: [
      { writer_rows_stored_total: "0+1x40", bridge_readings_total: "0+10x40" },
      { writer_rows_stored_total: "100x40", bridge_readings_total: "100x40" },
    ],
    notYetMinutes: 0.5,
  },
  DeadLettersRise: {
    minutes: 12,
    fires: [{ [REJECTED]: "0+21x80", [RECEIVED]: "0+1000x80" }],
    quiet: [
      { [REJECTED]: "0+19x80", [RECEIVED]: "0+1000x80" },
      { [REJECTED]: "5x80", [RECEIVED]: "5x80" },
    ],
    notYetMinutes: 4,
  },
  WriterRejectsRows: {
    minutes: 5,
    fires: [{ 'writer_dead_letters_total{reason="bigquery_rejected"}': "0x8 1x40" }],
    quiet: [{ 'writer_dead_letters_total{reason="bigquery_rejected"}': "1x60" }],
    notYetMinutes: 2,
  },
  LagUnknown: {
    minutes: 5,
    fires: [{ [KNOWN]: "0x40" }, {}],
    // One of two adapters is enough.
    quiet: [{ [KNOWN]: "1x40" }, { [KNOWN]: "0x40", 'kafka_consumer_lag_known{group="g",topic="t",pod="b"}': "1x40" }],
    notYetMinutes: 2.5,
  },
  BridgeNotConnected: {
    minutes: 4,
    fires: [{ bridge_mqtt_connected: "0x40" }, {}],
    quiet: [{ bridge_mqtt_connected: "1x40" }],
    notYetMinutes: 1.5,
  },
  BrokerDown: {
    minutes: 3,
    fires: [{ mosquitto_up: "0x40" }, {}],
    quiet: [{ mosquitto_up: "1x40" }, { mosquitto_up: "0x2 1x40" }],
    notYetMinutes: 0.5,
  },
  BrokerUnwatched: {
    minutes: 7,
    fires: [{ mosquitto_agent_refused: "1x60" }],
    quiet: [{ mosquitto_agent_refused: "0x60" }],
    notYetMinutes: 3,
  },
  BrokerDropsMessages: {
    minutes: 5,
    fires: [{ mosquitto_publish_dropped_total: "0x8 1x40" }],
    quiet: [{ mosquitto_publish_dropped_total: "7x60" }],
    notYetMinutes: 2,
  },
  FleetNotConnected: {
    minutes: 7,
    fires: [{ [CONNECTED]: "79x40", [ON]: "100x40" }],
    // Enough of them; none is on.
    quiet: [
      { [CONNECTED]: "80x40", [ON]: "100x40" },
      { [CONNECTED]: "0x40", [ON]: "0x40" },
    ],
    notYetMinutes: 4.5,
  },
  ReadingsNotMade: {
    minutes: 8,
    fires: [{ 'simulator_not_made_total{fleet="city"}': "0+1x40" }],
    quiet: [{ 'simulator_not_made_total{fleet="city"}': "7x40" }],
    notYetMinutes: 4,
  },
  CertificateEnds: {
    minutes: 63,
    fires: [{ [ENDS]: `${FORTNIGHT_SECONDS - 60}x300` }],
    quiet: [{ [ENDS]: `${FORTNIGHT_SECONDS + 63 * 60}x300` }],
    notYetMinutes: 58,
  },
  OperatorDoesNotLead: {
    minutes: 4,
    fires: [{ [LEADS]: "0x40" }, {}],
    quiet: [{ [LEADS]: "0x40", 'leader_election_master_status{pod="b"}': "1x40" }],
    notYetMinutes: 1.5,
  },
  WritersFlap: {
    minutes: 25,
    fires: [{ writer_takeovers_total: "0+2.1x120" }],
    quiet: [{ writer_takeovers_total: "0+1.9x120" }],
    notYetMinutes: 14,
  },
  TargetDown: {
    minutes: 4,
    fires: [{ 'up{part="bigquery",pod="a"}': "0x40" }],
    quiet: [{ 'up{part="bigquery",pod="a"}': "1x40" }],
    notYetMinutes: 1.5,
  },
  PartRestarts: {
    minutes: 8,
    fires: [{ 'process_start_time_seconds{pod="a"}': "1x4 2x4 3x4 4x4 5x40" }],
    quiet: [{ 'process_start_time_seconds{pod="a"}': "1x4 2x4 3x4 4x40" }],
    notYetMinutes: 4,
  },
};
