-- title: CHECK rejects parcels without a positive weight
-- protects: parcels.has_weight

-- check parcels:
weight is not null and weight > 0
