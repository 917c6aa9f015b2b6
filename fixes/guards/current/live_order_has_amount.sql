-- title: CHECK rejects live orders with amount 0
-- protects: orders.live_order_has_amount

-- check orders:
order_status::text not in ('pending', 'active', 'paused') or order_amount <> 0
