-- fails: 2, 3, 4
-- passes: 1

insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values
    (1, 2, 50, -20, 30), -- fine, in whatever order they were added
    (1, 1, 0, 50, 50), -- fine
    (2, 2, 0, 50, 50), -- violates: there is no first
    (3, 1, 0, 50, 50),
    (3, 3, 50, 5, 55), -- violates: the second is missing
    (4, 1, 0, 50, 50),
    (4, 1, 0, 50, 50); -- violates: twice the same
