-- title: Unknown status, by value: NULL is one for each row
-- severity: warning
-- key: status
select t.status, t.trip_id
from trip as t
where t.status in ('done', 'open', 'lost') is not true
