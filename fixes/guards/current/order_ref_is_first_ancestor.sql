-- title: Foreign key rejects references to orders that are not a root
-- protects: lineage.order_ref_is_first_ancestor, lineage.is_acyclic
-- requires: key orders.order_id, guard order_ref_exists
-- assumes: a lineage changes its references within one transaction, in any order. A root is an order whose order_ref
--   is its own order_id. The key contains order_ref twice: it must exist as an order_id, and as the order_ref of that
--   order. A foreign key holds at every isolation level, whichever transaction comes first.

-- unique index orders:
(order_id, order_ref)

-- foreign key orders:
(order_ref, order_ref) references orders (order_id, order_ref) deferrable initially deferred
