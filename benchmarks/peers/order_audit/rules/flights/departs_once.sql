-- title: Aircraft departs twice in an hour
-- severity: critical
-- key: time_hour, carrier, flight
select d.time_hour, d.carrier, d.flight, d.tailnum
from (
  select f.*, row_number() over (partition by f.tailnum, f.time_hour order by f.dep_time, f.flight) as turn
  from flights as f
  where f.tailnum is not null and f.dep_time is not null
) as d
where d.turn > 1
