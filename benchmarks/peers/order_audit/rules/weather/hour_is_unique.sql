-- title: Duplicate hour of an airport
-- severity: critical
-- key: origin, year, month, day, hour
select w.origin, w.year, w.month, w.day, w.hour, count(*) as rows
from weather as w
group by w.origin, w.year, w.month, w.day, w.hour
having count(*) > 1
