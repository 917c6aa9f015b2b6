select w.origin, w.year, w.month, w.day, w.hour, count(*) as rows
from {{ source('nyc', 'weather') }} as w
group by w.origin, w.year, w.month, w.day, w.hour
having count(*) > 1
