-- title: Unknown aircraft
-- severity: critical
-- key: time_hour, carrier, flight
select f.time_hour, f.carrier, f.flight, f.tailnum
from flights as f
where f.tailnum is not null and not exists (select from planes as p where p.tailnum = f.tailnum)
