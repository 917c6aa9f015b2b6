-- fails: 3, 4, 5
-- passes: 1, 2
-- Today's schema keeps no balance as of the recreation: the rule is checked where orders carry one.
alter table orders add column balance_at_recreation numeric;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'a@example.com', 'Ada', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_amount, balance_at_recreation) values
  (1, 1, 1, 100, null),                       -- fine: the first of its lineage was not recreated
  (2, 1, 1, 100, 100.01),                     -- fine: greater than the amount
  (3, 1, 1, 100, 100),                        -- violates: equal is not greater
  (4, 1, 1, 100, 'NaN'),                      -- violates: sorts above every number, and covers nothing
  (5, 1, 1, 100, null);                       -- violates: nobody wrote down what the decision rested on
