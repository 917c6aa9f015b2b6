-- title: Unique index rejects a second live order in a lineage
-- protects: lineage.one_live_order
-- requires: key orders.order_id
-- assumes: a recreation is inserted, or made live, after the order before it has been ended; in one transaction or in
--   two, but in this order: a unique index cannot wait for the end of the transaction

-- unique index orders:
(order_ref) where (order_status::text in ('pending', 'active', 'paused'))
