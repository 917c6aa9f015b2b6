-- title: Foreign key rejects recreations for another customer
-- protects: lineage.keeps_customer
-- requires: key orders.order_id, not null orders.customer_id, guard order_ref_exists
-- assumes: a lineage moves to another customer within one transaction, in any order

-- unique index orders:
(order_id, customer_id)

-- foreign key orders:
(order_ref, customer_id) references orders (order_id, customer_id) deferrable initially deferred
