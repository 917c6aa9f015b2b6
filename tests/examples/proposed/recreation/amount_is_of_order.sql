-- fails: 3, 4, 5, 6
-- passes: 2, 7

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, recreated_amount)
values (1, 1, 1, 5, 5), (2, 1, 1, 5, 5), (3, 1, 1, 5, 5), (4, 1, 1, 5, 5), (5, 1, 1, 5, 5), (6, 1, 1, 5, null), (7, 1, 1, 9, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, customer_id, balance, amount)
values
    (2, 1, 1, 1, 10, 5), -- fine
    (3, 1, 2, 1, 10, 4), -- violates
    (4, 1, 3, 2, 10, 5), -- violates: another customer
    (5, 1, 4, null, 10, 5), -- violates
    (6, 1, 5, 1, 10, 5), -- violates
    (7, 1, 6, 1, 10, 5); -- fine: the customer has changed the amount since
