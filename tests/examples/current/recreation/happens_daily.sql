-- fails: 4, 5
-- passes: 1, 2, 3
-- Today's schema keeps no time: the rule is checked where orders carry one.
alter table orders add column recreated_at timestamptz;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'a@example.com', 'Ada', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, recreated_at) values
  (1, 1, 1, null),                            -- fine: the first of its lineage was not recreated
  (2, 1, 1, '2026-03-01 02:00+00'),           -- fine: the one before it carries no time
  (3, 1, 1, '2026-03-02 23:00+00'),           -- fine: the next day, however late
  (4, 1, 1, '2026-03-04 02:00+00'),           -- violates: the 3rd of March is missing
  (5, 1, 1, null);                            -- violates: recreated, but nobody knows when
