-- title: Note has spaces around it
-- severity: info
-- key: parcel_id
select p.parcel_id, p.note
from parcels as p
where p.note <> btrim(p.note)
