-- assumes: the true balance is not in the data. Other books may hold the customer's payments and deliveries.
-- leave: the balance does not change. PostgreSQL compares NaN and infinity as greater than any amount, and minus
--   infinity as less. A missing balance covers no amount.

-- option zero: the balance becomes 0, which covers no positive amount, until a payment is booked
-- update customers by customer_id:
select v.customer_id, 0 as customer_balance
from violation as v;
