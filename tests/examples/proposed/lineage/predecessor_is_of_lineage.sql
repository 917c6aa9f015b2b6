-- fails: 3, 4, 5, 6, 7
-- passes: 2

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount)
values (1, 1, 1, 5), (2, 1, 1, 5), (3, 1, 1, 5), (4, 1, 1, 5), (5, 1, 1, 5), (6, 1, 1, 5), (7, 1, 1, 5), (8, 8, 1, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
values
    (2, 1, 1, 10, 5), -- fine
    (3, 1, null, 10, 5), -- violates: without a predecessor
    (4, 1, 8, 10, 5), -- violates: 8 is of another lineage
    (5, 8, 4, 10, 5), -- violates: recorded with another ancestor than the order's
    (6, 1, 99, 10, 5), -- violates: there is no such order
    (7, 1, 7, 10, 5); -- violates: itself
