-- fails: 2, 3, 4
-- passes: 1, 5

insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values
    (1, 1, 0, 50, 50), -- fine
    (1, 2, 50, -20, 30), -- fine
    (2, 1, 10, 50, 60), -- violates: the first begins with nothing
    (3, 1, 0, 50, 50),
    (3, 2, 60, 5, 65), -- violates: 10 more than the one before left
    (4, 1, null, 50, 50), -- violates
    (5, 1, 0, 50, 50),
    (5, 3, 50, 5, 55); -- fine here: a number is missing, and no money
