-- title: Station and status more than once
-- severity: info
-- key: station_id, status
select t.station_id, t.status, t.trip_id
from trip as t
where exists (
  select from trip as o
  where o.station_id = t.station_id and o.status is not distinct from t.status and o.trip_id < t.trip_id
)
