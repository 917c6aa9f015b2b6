-- fails: 1, 2
-- passes: 3

insert into migration.quarantined_order (order_id, reasons)
values (1, '{orders.status_is_known}'), (2, '{}'); -- violate, whatever the reason is
insert into sales.orders (order_id, first_ancestor_id, customer_id, amount) values (3, 3, 1, 5); -- fine: is admitted
