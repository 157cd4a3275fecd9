-- A reading that was delivered twice has equal bytes, so event_time adds nothing to its identity; it stands among the
-- keys because a condition on a key of the partition reaches the table, which then reads only the days asked for.
SELECT *
FROM `${project}.${dataset}.iot_events`
WHERE TRUE
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY tenant, sensor_id, boot_id, seq, event_time
    ORDER BY ingest_time, kafka_source, kafka_partition, kafka_offset
  ) = 1
