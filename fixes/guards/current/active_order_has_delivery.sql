-- title: CHECK rejects active orders without a delivery script
-- protects: orders.active_order_has_delivery
-- assumes: an order gets its script before it becomes active, or in the same statement

-- check orders:
order_status::text <> 'active' or coalesce(btrim(delivery_script_name::text, E' \t\n\r\f\x0b'), '') <> ''
