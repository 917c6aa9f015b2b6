-- after customers.email_is_unique: a merge can show that two orders are of one customer
-- after customers.no_duplicate: a merge can show that two orders are of one customer
-- assumes: the true first ancestor is gone and cannot be told from the data. That orders share the missing ancestor
--   and the customer is all there is to say that they belong together.
-- leave: the orders, and those that lead to them, stay out of every report that joins order_ref to order_id.

-- option keep_group (recommended): orders that share the missing ancestor and the customer stay one lineage, the one
--   with the smallest id its first ancestor; an order without any order_ref becomes its own
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

-- option reroot: each order becomes the first of a lineage of its own
-- update orders by order_id:
select v.order_id, v.order_id as order_ref
from violation as v;
