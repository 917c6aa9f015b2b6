-- title: Airport east of Greenwich
-- severity: critical
-- key: faa
select a.faa, a.name, a.lon
from airports as a
where a.lon < -180 or a.lon > 0
