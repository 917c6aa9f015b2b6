-- title: No order is older than the ancestor it names
-- protects: lineage.ancestor_is_older
-- requires: guard order_ref_exists

-- check orders:
order_ref <= order_id
