-- title: No order amount is below zero
-- protects: orders.amount_is_not_negative

-- check orders:
order_amount >= 0
