-- title: CHECK rejects orders that are older than their ancestor
-- protects: lineage.ancestor_is_older
-- requires: guard order_ref_exists

-- check orders:
order_ref <= order_id
