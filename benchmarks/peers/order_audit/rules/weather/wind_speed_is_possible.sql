-- title: Impossible wind speed
-- severity: critical
-- key: origin, time_hour
select w.origin, w.time_hour, w.wind_speed
from weather as w
where w.wind_speed < 0 or w.wind_speed > 250
