-- title: CHECK rejects active orders with an empty schedule
-- protects: orders.active_order_has_schedule

-- check orders:
order_status::text <> 'active' or position('1' in order_schedule::text) > 0
