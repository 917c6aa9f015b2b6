-- fails: 3, 4, 6, 7
-- passes: 2, 5

insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values (1, 1, 0, 50, 50), (1, 2, 50, -20, 30), (2, 1, 0, 70, 70);
insert into sales.orders (order_id, first_ancestor_id, customer_id, amount)
values (1, 1, 1, 5), (2, 1, 1, 5), (3, 1, 1, 5), (4, 1, 1, 5), (5, 1, 1, 5), (6, 1, 1, 5), (7, 1, 1, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, entry_number, balance, amount)
values
    (2, 1, 1, 1, 50, 5), -- fine
    (3, 1, 2, 1, 40, 5), -- violates: the customer never had 40
    (4, 1, 3, 1, 70, 5), -- violates: another customer had
    (5, 1, 4, 2, 30.00, 5), -- fine
    (6, 1, 5, 2, 50, 5), -- violates: the balance of an earlier entry
    (7, 1, 6, null, 50, 5); -- violates: without an entry
