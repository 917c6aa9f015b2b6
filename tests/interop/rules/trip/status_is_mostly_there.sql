-- title: Station with many trips without status
-- severity: critical
-- key: station_id
-- measure: share
-- at_most: 16.5 %
select t.station_id, avg((t.status is null)::int) as share from trip as t group by t.station_id
