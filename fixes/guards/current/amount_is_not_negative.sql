-- title: CHECK rejects negative order amounts
-- protects: orders.amount_is_not_negative

-- check orders:
order_amount >= 0
