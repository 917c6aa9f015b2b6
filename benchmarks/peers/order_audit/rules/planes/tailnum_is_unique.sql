-- title: Duplicate aircraft
-- severity: critical
-- key: tailnum
select p.tailnum, count(*) as rows
from planes as p
group by p.tailnum
having count(*) > 1
