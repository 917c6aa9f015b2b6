-- fails: 2, 3, 4
-- passes: 1

insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values
    (1, 1, 0, 50, 50), -- fine
    (1, 2, 50, -20.5, 29.5), -- fine
    (2, 1, 0, 50, 49.99), -- violates: a cent is lost
    (3, 1, 0, 'NaN', 'NaN'), -- violates: no amount
    (4, 1, 0, null, 50); -- violates
