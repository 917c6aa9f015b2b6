-- fails: 1, 3, 9
-- passes: 2

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, origin)
values (1, 1, 1, 5, 'application'), (2, 1, 1, 5, 'application'), (3, 1, 1, 5, 'migrated');
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
values
    (1, 1, null, 10, 5), -- violates: the first of its lineage
    (2, 1, 1, 10, 5), -- fine
    (3, 1, 2, 10, 5), -- violates: a migrated order
    (9, 1, 1, 10, 5); -- violates: there is no such order
