-- Seven days bound what a query costs; a sensor that has been silent for longer is not listed.
SELECT *
FROM `${project}.${dataset}.iot_events`
WHERE event_time >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY tenant, sensor_id
    ORDER BY event_time DESC, ingest_time DESC, boot_id DESC, seq DESC, kafka_source, kafka_partition, kafka_offset
  ) = 1
