-- after customers.email_is_unique: a merge can show that two orders are of one customer
-- after customers.no_duplicate: a merge can show that two orders are of one customer
-- assumes: the true first ancestor is lost and cannot be derived. The same missing ancestor and the same customer are
--   the only evidence that orders belong together.
-- leave: reports that join order_ref to order_id omit these orders, and all that lead to them.

-- option keep_group (recommended): orders with the same missing ancestor and the same customer remain one lineage;
--   the smallest id becomes its first ancestor. An order without order_ref references itself
-- update orders by order_id:
select v.order_id, v.first_id as order_ref, v.first_id as unit
from (
  select order_id,
    case
      when order_ref is null then order_id
      else min(order_id) over (partition by order_ref, customer_id)
    end as first_id
  from violation
) as v;

-- option reroot: each order becomes the first order of its own lineage
-- update orders by order_id:
select v.order_id, v.order_id as order_ref
from violation as v;
