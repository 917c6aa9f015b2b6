-- fails: 4, 5
-- passes: 1, 2, 3
-- Today's schema does not say which order was recreated: the rule is checked where orders do.
alter table orders add column recreated_from int;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'a@example.com', 'Ada', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, recreated_from) values
  (1, 1, 1, null),                            -- fine: the first of its lineage comes from nothing
  (2, 1, 1, 1),                               -- fine: made from the one right before it
  (3, 1, 1, 2),                               -- fine: so is the third
  (4, 1, 1, 2),                               -- violates: the third had been made since
  (5, 1, 1, null);                            -- violates: a recreation of nothing
