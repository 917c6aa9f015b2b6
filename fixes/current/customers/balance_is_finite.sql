-- assumes: nobody knows what the balance was; what the customer paid and got stands in other books, if anywhere.
-- leave: the balance stays as it is until somebody has looked it up. NaN and infinity go on to pass for more than every
--   amount wherever the application compares them.

-- option zero: the balance becomes 0, so that nothing is recreated until a payment is booked
-- update customers by customer_id:
select v.customer_id, 0 as customer_balance
from violation as v;
