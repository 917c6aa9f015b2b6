select w.origin, w.time_hour, w.wind_speed
from {{ source('nyc', 'weather') }} as w
where w.wind_speed < 0 or w.wind_speed > 250
