-- fails: 3, 5, 6, 7
-- passes: 1, 2, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, origin, created_at)
values
    (1, 1, 1, 5, 'application', now()), -- fine: the first of its lineage
    (2, 1, 1, 5, 'application', now()), -- fine: recorded
    (3, 1, 1, 5, 'application', now()), -- violates
    (4, 1, 1, 5, 'migrated', null), -- fine: of a time when nobody wrote it down
    (5, 1, 1, 5, 'application', null), -- violates: a missing time is no excuse
    (6, 1, 1, 5, null, null), -- violates
    (7, 1, 1, 5, 'migrated', now()); -- violates: a migrated order has no time
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount) values (2, 1, 1, 10, 5);
