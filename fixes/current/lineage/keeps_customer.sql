-- after lineage.order_ref_is_first_ancestor: only then is an order's ancestor the first of its lineage
-- after customers.email_is_unique: a merge can show that the two customers are one
-- after customers.no_duplicate: a merge can show that the two customers are one
-- assumes: nothing in the data says which of the two is wrong, the reference or the customer.
-- leave: one of the two customers goes on being charged for, and shown, what the other one bought.

-- option reroot: the reference is wrong: the order becomes the first of a lineage of its own
-- update orders by order_id:
select v.order_id, v.order_id as order_ref
from violation as v;

-- option move_to_root_customer: the customer is wrong: the order moves to the customer of its first ancestor, and with
--   it those that name it as theirs; in a circle the smallest id stands for the first. Who is charged changes
-- update orders by order_id:
-- Mostly each of these orders is a chain by itself. Where ancestors are left that are not the first, those behind them
-- move along: else they would differ in their turn. Who has no customer differs from nobody.
select o.order_id, coalesce(a.customer_id, e.customer_id) as customer_id, c.last as unit
from (
  select array_agg(n.order_id) as ids, array_agg(n.order_ref) as refs
  from (
    select v.order_id, v.order_ref
    from violation as v
    union
    select o.order_id, o.order_ref
    from (select distinct order_ref from orders) as named
    join orders as a on a.order_id = named.order_ref and a.order_ref is distinct from a.order_id
    join orders as o on o.order_ref = a.order_id
    where o.customer_id is not null
  ) as n
) as n
cross join lateral order_audit.chain(n.ids, n.refs) as c
join orders as o on o.order_id = c.id
join orders as e on e.order_id = c.last
left join orders as a on a.order_id = c.beyond
where o.customer_id <> coalesce(a.customer_id, e.customer_id);
