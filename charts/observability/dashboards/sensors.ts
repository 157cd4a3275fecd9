import { bigQueryNames } from "#events";
import { graph, stat, table, type DashboardSpec, type PanelSpec, type RowSpec, type SqlQuery } from "./panel.ts";
import { viewOver } from "./view-sql.ts";

/** What panels read, as SQL names it: tables of the project, and views over the time shown. */
type Sources = Record<"events" | "unique" | "latest" | "anomalies" | "audit", string>;

/** The plugin makes a condition on the partition of it, so a query reads the days shown and no others. */
const SHOWN = "$__timeFilter(event_time)";
/**
 * The same, and an hour before: what the first readings shown are compared with. Enough for sensors that report once a
 * minute; of slower ones an anomaly is seen when more time is shown.
 */
const SHOWN_AND_BEFORE =
  "event_time >= TIMESTAMP_SUB(TIMESTAMP_MILLIS($__from), INTERVAL 1 HOUR) AND event_time <= TIMESTAMP_MILLIS($__to)";

/**
 * What BigQuery holds, by SQL; only where the data source for BigQuery is. Every query is paid for by what it reads, so
 * each reads only the time shown, and nothing is asked again unless somebody asks.
 */
export function sensorsDashboard(project: string): DashboardSpec {
  const named = (name: string): string => `\`${project}.${bigQueryNames.dataset}.${name}\``;
  const sources: Sources = {
    events: named(bigQueryNames.events),
    unique: named(bigQueryNames.uniqueEvents),
    latest: `(${viewOver(bigQueryNames.latest, SHOWN, named)})`,
    anomalies: `(${viewOver(bigQueryNames.anomalies, SHOWN_AND_BEFORE, named)})`,
    audit: `(${viewOver(bigQueryNames.deliveryAudit, SHOWN, named)})`,
  };
  return {
    uid: "sensors",
    title: "Sensors",
    description:
      "What sensors measure, and whether all of it is there, asked of BigQuery itself. Each query is paid for: press refresh to ask again.",
    refresh: "off",
    rows: [firstLook(sources), overTime(sources), singleSensors(sources)],
  };
}

function firstLook({ events, unique, audit }: Sources): RowSpec {
  return {
    title: "At a glance",
    panels: [
      quarter(
        "Sensors",
        "Sensors with a reading in the time shown.",
        "short",
        `SELECT COUNT(DISTINCT CONCAT(tenant, '/', sensor_id)) AS sensors FROM ${events} WHERE ${SHOWN}`,
      ),
      quarter(
        "Readings",
        "Readings in the time shown, each once.",
        "short",
        `SELECT COUNT(*) AS readings FROM ${unique} WHERE ${SHOWN}`,
      ),
      quarter(
        "Mean temperature",
        "Mean of all sensors in the time shown.",
        "celsius",
        `SELECT AVG(temperature_c) AS temperature FROM ${unique} WHERE ${SHOWN}`,
      ),
      {
        ...quarter(
          "Missing",
          "Numbers that devices skipped in the time shown: rejected, on the way, or lost. Counted from each device's first number there; the view iot_delivery_audit counts all of it.",
          "short",
          `SELECT COALESCE(SUM(missing), 0) AS missing FROM ${audit}`,
        ),
        thresholds: { steps: [[1, "yellow"]] },
      },
    ],
  };
}

function overTime({ events, unique }: Sources): RowSpec {
  const delay = "APPROX_QUANTILES(TIMESTAMP_DIFF(ingest_time, event_time, MILLISECOND), 100)";
  return {
    title: "Over time",
    panels: [
      graph("Readings a minute, by tenant", "Readings by their event_time, each once.", "short", [
        everyMinute("tenant, COUNT(*) AS readings", unique, "tenant"),
      ]),
      graph("Mean temperature, by location", "Mean of the sensors of a location.", "celsius", [
        everyMinute("location, AVG(temperature_c) AS temperature", unique, "location", "temperature_c IS NOT NULL"),
      ]),
      graph("Mean humidity, by location", "Mean of the sensors of a location.", "humidity", [
        everyMinute("location, AVG(humidity_pct) AS humidity", unique, "location", "humidity_pct IS NOT NULL"),
      ]),
      graph(
        "From reading to row",
        "Time from event_time to ingest_time, by the device's clock and Kafka's: the median and the slowest in a hundred.",
        "ms",
        [everyMinute(`${delay}[OFFSET(50)] AS p50, ${delay}[OFFSET(99)] AS p99`, events)],
      ),
    ],
  };
}

function singleSensors({ latest, anomalies, audit }: Sources): RowSpec {
  return {
    title: "Single sensors",
    panels: [
      table("Latest readings", "What each sensor said last, in the time shown; not longer ago than a week.", {
        sql: `SELECT tenant, location, sensor_id, event_time, temperature_c, humidity_pct FROM ${latest} ORDER BY event_time DESC LIMIT 200`,
        format: "table",
      }),
      table("Anomalies", "Readings more than five deviations from the sixty before them, the strangest first.", {
        sql: `SELECT event_time, tenant, location, sensor_id, field, value, expected, score FROM ${anomalies} WHERE ${SHOWN} ORDER BY ABS(score) DESC LIMIT 100`,
        format: "table",
      }),
      table(
        "Devices with gaps",
        "Devices of which numbers are missing in the time shown, or rows that are there twice. A device whose clock was set in that time can show gaps that are none.",
        {
          sql: `SELECT tenant, sensor_id, boot_id, readings, missing, redelivered, stored_twice, last_event_time FROM ${audit} WHERE missing > 0 OR stored_twice > 0 ORDER BY missing DESC LIMIT 100`,
          format: "table",
        },
      ),
    ],
  };
}

function quarter(title: string, description: string, unit: string, sql: string): PanelSpec {
  return stat(title, description, unit, { sql, format: "table" }, { width: 6 });
}

function everyMinute(columns: string, from: string, by?: string, condition?: string): SqlQuery {
  const where = [SHOWN, ...(condition === undefined ? [] : [condition])].join(" AND ");
  const keys = ["time", ...(by === undefined ? [] : [by])].join(", ");
  return {
    sql: `SELECT $__timeGroup(event_time, 1m) AS time, ${columns} FROM ${from} WHERE ${where} GROUP BY ${keys} ORDER BY time`,
    format: "timeseries",
  };
}
