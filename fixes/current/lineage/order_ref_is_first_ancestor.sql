-- after lineage.is_acyclic: a chain that leads into a cycle ends only after that fix
-- after lineage.order_ref_exists: a chain that ends in a missing order has a first ancestor only after that fix
-- after customers.email_is_unique: a merge can show that a chain has one customer
-- after customers.no_duplicate: a merge can show that a chain has one customer
-- assumes: the chain of references is right, but written step by step. The old value, possibly the predecessor, is
--   kept in the journal only. The larger lineage can contain two live orders.
-- leave: these lineages stay split. Chains that end in a missing order or in a cycle are always left: decide
--   lineage.order_ref_exists and lineage.is_acyclic.

-- given ending: the first ancestor in which each chain of references ends, if any, and the order before it
select o.order_id, o.customer_id, c.last as last_id, r.order_id as root_id, r.customer_id as root_customer_id
from (
  select array_agg(v.order_id) as ids, array_agg(v.order_ref) as refs
  from violation as v
) as v
cross join lateral order_audit.chain(v.ids, v.refs) as c
join orders as o on o.order_id = c.id
-- the last order of the chain before the first ancestor, and the first ancestor
join orders as a on a.order_id = c.beyond
join orders as r on r.order_id = a.order_ref and r.order_ref = r.order_id;

-- automatic: the order references the first ancestor in which its chain ends, if both have the same customer
-- update orders by order_id:
select e.order_id, e.root_id as order_ref
from ending as e
where e.customer_id = e.root_customer_id;

-- option reroot: if the chain ends with another customer, or a customer is missing, the order becomes the first order
--   of its own lineage
-- update orders by order_id:
-- Change a chain as one atomic group: changed one by one, an order behind a changed one would no longer violate.
select e.order_id, e.order_id as order_ref, e.last_id as unit
from ending as e
where (e.customer_id = e.root_customer_id) is not true;

-- option point_at_root_and_move: if the chain ends with another customer, or a customer is missing, the order
--   references the first ancestor and moves to its customer, if any. Another customer is charged
-- update orders by order_id:
select e.order_id, e.root_id as order_ref, coalesce(e.root_customer_id, e.customer_id) as customer_id
from ending as e
where (e.customer_id = e.root_customer_id) is not true;
