-- assumes: the true balance is not in the data. Other books may hold the customer's payments and deliveries.
-- leave: the balance does not change. Wherever the application compares it, NaN and infinity exceed every amount.

-- option zero: the balance becomes 0, so that no order is recreated before a payment is booked
-- update customers by customer_id:
select v.customer_id, 0 as customer_balance
from violation as v;
