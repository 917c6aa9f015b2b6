-- title: Trip from an unknown station
-- severity: critical
-- key: trip_id
-- why: Nobody collects the bicycle.
-- tags: core, nightly
with known as (select station_id from station)
select t.trip_id, t.station_id
from trip as t
where not exists (select from known as k where k.station_id = t.station_id)
order by t.trip_id
