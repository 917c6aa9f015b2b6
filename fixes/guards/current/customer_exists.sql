-- title: Foreign key rejects orders of missing customers
-- protects: orders.customer_exists
-- requires: key customers.customer_id
-- assumes: a transaction may insert customer and order in any order

-- index orders:
(customer_id)

-- check orders not_null:
customer_id is not null

-- foreign key orders:
(customer_id) references customers (customer_id) deferrable initially deferred
