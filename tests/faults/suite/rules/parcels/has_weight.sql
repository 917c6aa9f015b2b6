-- title: Parcel without a positive weight
-- severity: critical
-- key: parcel_id
select p.parcel_id, p.weight
from parcels as p
where p.weight is null or p.weight <= 0
