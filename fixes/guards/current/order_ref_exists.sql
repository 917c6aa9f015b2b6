-- title: Foreign key rejects references to missing ancestors
-- protects: lineage.order_ref_exists
-- requires: key orders.order_id
-- assumes: the reference is checked at the end of the transaction, so orders of one lineage can be inserted in any
--   order

-- index orders:
(order_ref)

-- check orders not_null:
order_ref is not null

-- foreign key orders:
(order_ref) references orders (order_id) deferrable initially deferred
