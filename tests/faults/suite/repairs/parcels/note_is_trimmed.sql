-- assumes: spaces around a note mean nothing.
-- leave: labels show the spaces.

-- automatic: the note without the spaces
-- update parcels by parcel_id:
select v.parcel_id, btrim(v.note) as note
from violation as v;
