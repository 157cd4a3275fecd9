-- A number that was skipped is missing here whether it was lost or went to the dead letters.
-- Readings are counted from the first number that is there, because rows expire and nobody else knows where a device
-- began: what was lost before first_seq, or after last_seq, shows in no column. Of devices that begin at 0, as the
-- simulated ones do, a first_seq above 0 says how many are not there at the beginning, as long as no row has expired.
WITH
  readings AS (
    SELECT
      tenant,
      sensor_id,
      boot_id,
      seq,
      MIN(event_time) AS event_time,
      COUNT(*) AS row_count,
      COUNT(DISTINCT CONCAT(kafka_source, '/', CAST(kafka_partition AS STRING), '/', CAST(kafka_offset AS STRING)))
        AS record_count
    FROM `${project}.${dataset}.iot_events`
    GROUP BY tenant, sensor_id, boot_id, seq
  )
SELECT
  tenant,
  sensor_id,
  boot_id,
  MIN(seq) AS first_seq,
  MAX(seq) AS last_seq,
  MIN(event_time) AS first_event_time,
  MAX(event_time) AS last_event_time,
  SUM(row_count) AS row_count,
  COUNT(*) AS readings,
  MAX(seq) - MIN(seq) + 1 - COUNT(*) AS missing,
  SUM(record_count) - COUNT(*) AS redelivered,
  SUM(row_count) - SUM(record_count) AS stored_twice
FROM readings
GROUP BY tenant, sensor_id, boot_id
