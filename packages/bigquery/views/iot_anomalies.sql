-- The 60 readings before are what a sensor is compared with: with fewer than 20 nothing is said, and the deviation counts
-- as at least 0.2 of the value's unit, or a sensor that reports the same value for an hour would alarm at the last digit.
WITH
  measured AS (
    SELECT tenant, sensor_id, location, event_time, boot_id, seq, field, value
    FROM `${project}.${dataset}.iot_events_unique`
    CROSS JOIN
      UNNEST([STRUCT('temperature_c' AS field, temperature_c AS value), STRUCT('humidity_pct', humidity_pct)])
    WHERE value IS NOT NULL
  ),
  compared AS (
    SELECT
      *,
      COUNT(*) OVER before AS readings_before,
      AVG(value) OVER before AS expected,
      GREATEST(STDDEV_SAMP(value) OVER before, 0.2) AS deviation
    FROM measured
    WINDOW
      before AS (
        PARTITION BY tenant, sensor_id, field
        ORDER BY event_time, boot_id, seq
        ROWS BETWEEN 60 PRECEDING AND 1 PRECEDING
      )
  )
SELECT
  tenant,
  sensor_id,
  location,
  event_time,
  boot_id,
  seq,
  field,
  value,
  expected,
  deviation,
  (value - expected) / deviation AS score
FROM compared
WHERE readings_before >= 20 AND ABS(value - expected) > 5 * deviation
