-- title: Unique index rejects a second live order in a lineage
-- protects: lineage.one_live_order
-- requires: key orders.order_id
-- assumes: the order before is ended first, then a recreation is inserted or made live. Both may happen in one
--   transaction. A unique index cannot be deferred to the end of the transaction

-- unique index orders:
(order_ref) where (order_status::text in ('pending', 'active', 'paused'))
