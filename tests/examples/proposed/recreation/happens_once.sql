-- fails: 3, 5
-- passes: 2, 4, 6, 7, 8

insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
values
    (2, 1, 1, 10, 5), -- fine: the first that 1 was recreated as
    (3, 1, 1, 10, 5), -- violates
    (4, 1, 2, 10, 5), -- fine
    (5, 1, 1, 10, 5), -- violates
    (6, 1, 5, 10, 5), -- fine
    (7, 1, null, 10, 5), -- fine here: without a predecessor
    (8, 1, null, 10, 5); -- fine here
