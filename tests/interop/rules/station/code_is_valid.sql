-- title: Code of another form: '{{ jinja }}' is a text here
-- severity: critical
-- key: station_id
select s.station_id, s.code, s."cityName"
from station as s
where s.code !~ '^[A-Z]{2,2}-[0-9]$' or s.kind = '{{ jinja }}' -- a remark at the end
