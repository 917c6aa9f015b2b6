-- title: No live order is over nothing
-- protects: orders.live_order_has_amount

-- check orders:
order_status::text not in ('pending', 'active', 'paused') or order_amount <> 0
