-- title: Unknown carrier
-- severity: critical
-- key: time_hour, carrier, flight
select f.time_hour, f.carrier, f.flight
from flights as f
where f.carrier is not null and not exists (select from airlines as a where a.carrier = f.carrier)
