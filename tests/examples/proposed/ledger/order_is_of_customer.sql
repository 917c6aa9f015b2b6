-- fails: 2, 3
-- passes: 1

insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after, order_id)
values
    (1, 1, 0, 50, 50, null), -- fine: for no order
    (1, 2, 50, -5, 45, 1), -- fine
    (2, 1, 0, 50, 50, 1), -- violates: another customer's order
    (3, 1, 0, 50, 50, 9); -- violates: there is no 9
insert into sales.orders (order_id, first_ancestor_id, customer_id, amount) values (1, 1, 1, 5);
