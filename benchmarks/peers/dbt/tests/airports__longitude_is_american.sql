select a.faa, a.name, a.lon
from {{ source('nyc', 'airports') }} as a
where a.lon < -180 or a.lon > 0
