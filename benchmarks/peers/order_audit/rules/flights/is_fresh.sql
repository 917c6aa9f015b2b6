-- title: No new flights
-- severity: critical
-- measure: age
-- at_most: 2 days
select now() - max(f.time_hour) as age
from flights as f
