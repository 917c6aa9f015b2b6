-- fails: 3
-- passes: 1, 2, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, created_at)
values
    (1, 1, 1, 5, now()), -- fine: the first of its lineage
    (2, 1, 1, 5, now()), -- fine: recorded
    (3, 1, 1, 5, now()), -- violates
    (4, 1, 1, 5, null); -- fine: of a time when nobody wrote it down
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount) values (2, 1, 1, 10, 5);
