-- title: Unique index rejects duplicate live orders
-- protects: orders.no_duplicate_live_order
-- requires: key orders.order_id, guard order_ref_exists, guard one_live_order
-- assumes: two lineages with equal customer, schedule, delivery and amount are never intended to be live together.
--   Arguments are compared by their MD5, which keeps the index small.

-- unique index orders:
(
  customer_id, order_amount, (delivery_script_name::text) collate "C", md5(delivery_script_args::text), order_schedule
)
nulls not distinct
where (order_status::text in ('pending', 'active', 'paused'))
