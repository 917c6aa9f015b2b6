-- assumes: a negative weight is right except for its sign.
-- leave: the carrier weighs the parcel.

-- automatic: the weight loses its minus sign
-- update parcels by parcel_id:
select v.parcel_id, abs(v.weight) as weight
from violation as v
where v.weight < 0;
