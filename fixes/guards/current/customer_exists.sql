-- title: Foreign key rejects orders of missing customers
-- protects: orders.customer_exists
-- requires: key customers.customer_id
-- assumes: customer and order can be inserted in either order within a transaction

-- index orders:
(customer_id)

-- check orders not_null:
customer_id is not null

-- foreign key orders:
(customer_id) references customers (customer_id) deferrable initially deferred
