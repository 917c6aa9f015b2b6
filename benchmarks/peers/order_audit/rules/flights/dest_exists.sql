-- title: Unknown destination
-- severity: critical
-- key: time_hour, carrier, flight
select f.time_hour, f.carrier, f.flight, f.dest
from flights as f
where f.dest is not null and not exists (select from airports as a where a.faa = f.dest)
