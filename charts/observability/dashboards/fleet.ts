import { recorded } from "../rules/recording.ts";
import { colours, graph, percentiles, rateOf, stat, type DashboardSpec, type RowSpec } from "./panel.ts";

const OF_FLEET = '{fleet=~"$fleet"}';
const sum = (gauge: string): string => `sum(${gauge}${OF_FLEET})`;
const rate = (counter: string, by?: string): string => rateOf(counter, by, OF_FLEET);

const firstLook: RowSpec = {
  title: "At a glance",
  panels: [
    stat("Devices asked for", "What the SensorFleet objects say.", "short", {
      expr: sum("operator_fleet_devices"),
      legend: "asked for",
    }),
    stat("Devices switched on", "Of all devices that run, those that the present stage has switched on.", "short", {
      expr: sum("simulator_devices_on"),
      legend: "on",
    }),
    stat(
      "Connected",
      "Of the devices that are on, those with a connection: the fleet with the fewest. Disconnect faults take some away on purpose; the alert FleetNotConnected looks at 80 %.",
      "percentunit",
      { expr: `min(${recorded.fleetConnected}${OF_FLEET})`, legend: "connected" },
      {
        thresholds: {
          base: "red",
          steps: [
            [0.8, "yellow"],
            [0.9, "green"],
          ],
        },
        nothing: "no device is on",
      },
    ),
    stat("Readings", "Readings that devices make, a second.", "cps", {
      expr: rate("simulator_readings_made_total"),
      legend: "made",
    }),
    stat(
      "Not acknowledged",
      "Readings that devices hold until the broker has acknowledged them.",
      "short",
      { expr: sum("simulator_unacknowledged"), legend: "waiting" },
      {
        thresholds: {
          steps: [
            [1000, "yellow"],
            [10_000, "red"],
          ],
        },
      },
    ),
    stat(
      "Left out",
      "Readings not made in the time shown, because too many waited.",
      "short",
      { expr: `sum(increase(simulator_not_made_total${OF_FLEET}[$__range]))`, legend: "left out" },
      { thresholds: { steps: [[1, "red"]] } },
    ),
  ],
};

const devices: RowSpec = {
  title: "Devices",
  panels: [
    graph("Devices", "All devices, those that are on, and those with a connection.", "short", [
      { expr: sum("simulator_devices"), legend: "all", colour: colours.limit },
      { expr: sum("simulator_devices_on"), legend: "on", colour: colours.sent },
      { expr: sum("simulator_connected"), legend: "connected", colour: colours.stored },
    ]),
    graph(
      "Connected, by fleet",
      "Share of the devices that are on.",
      "percentunit",
      [{ expr: `${recorded.fleetConnected}${OF_FLEET}`, legend: "{{fleet}}" }],
      { max: 1, thresholds: { base: "red", steps: [[0.8, "green"]] } },
    ),
    graph(
      "Connections",
      "Connections made, lost by broker or network, and failed. All three high: look at the broker, or for a second process with the same devices.",
      "cps",
      [
        { expr: rate("simulator_connections_total"), legend: "made", colour: colours.stored },
        { expr: rate("simulator_connections_lost_total"), legend: "lost", colour: colours.rejected },
        { expr: rate("simulator_connects_failed_total"), legend: "failed", colour: colours.lost },
      ],
    ),
    graph(
      "Ready, by fleet",
      "1 while the condition Ready of the SensorFleet holds. A suspended or completed fleet is not ready.",
      "short",
      [{ expr: `max by (fleet) (operator_fleet_ready${OF_FLEET})`, legend: "{{fleet}}" }],
      { max: 1 },
    ),
  ],
};

const readings: RowSpec = {
  title: "Readings",
  panels: [
    graph(
      "Publishes, by outcome",
      "Everything but delivered is tried again, except for refused, which ends the process.",
      "cps",
      [{ expr: rate("simulator_publishes_total", "outcome"), legend: "{{outcome}}" }],
      { isStacked: true },
    ),
    graph(
      "Readings made, sent, acknowledged",
      "The three lines part while the broker does not take what devices send.",
      "cps",
      [
        { expr: rate("simulator_readings_made_total"), legend: "made", colour: colours.sent },
        { expr: rate("simulator_readings_sent_total"), legend: "sent", colour: colours.received },
        { expr: rate("simulator_readings_acknowledged_total"), legend: "acknowledged", colour: colours.stored },
      ],
    ),
    graph(
      "From publish to PUBACK",
      "The PUBACK comes when Kafka has the reading, so this holds the way through the bridge.",
      "s",
      percentiles("simulator_publish_seconds", OF_FLEET),
    ),
    graph(
      "Faults, by type",
      "Readings that a fault of the fleet struck, as the fleet asks for.",
      "cps",
      [{ expr: rate("simulator_faults_total", "type"), legend: "{{type}}" }],
      { isStacked: true },
    ),
    graph(
      "Publishes beyond the first",
      "Readings sent again, because the first PUBACK did not come or a fault wants it.",
      "cps",
      [{ expr: rate("simulator_repeats_total"), legend: "repeats", colour: colours.rejected }],
    ),
    graph("Readings left out", "Readings that devices did not make because too many waited.", "cps", [
      { expr: rate("simulator_not_made_total"), legend: "left out", colour: colours.lost },
    ]),
  ],
};

/** What the devices do, for one fleet or all. */
export const fleetDashboard: DashboardSpec = {
  uid: "fleet",
  title: "Fleet",
  description: "What the simulated devices do: connections, readings and the faults that they play.",
  variables: [{ name: "fleet", label: "Fleet", of: "simulator_devices" }],
  refresh: "10s",
  rows: [firstLook, devices, readings],
};
