-- title: CHECK rejects unknown order statuses
-- protects: orders.status_is_known

-- check orders:
order_status is not null
and order_status::text in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
