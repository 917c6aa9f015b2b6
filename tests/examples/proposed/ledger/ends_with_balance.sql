-- fails: 3, 4, 5, 6
-- passes: 1, 2

insert into sales.customers (customer_id, name, balance, entry_number)
values
    (1, 'Acme', 30, 2), -- fine
    (2, 'Birch', 0, 0), -- fine: nothing yet
    (3, 'Cedar', 50, 2), -- violates: what an earlier entry left
    (4, 'Dogwood', 5, 0), -- violates: of nowhere
    (5, 'Elm', 50, 2), -- violates: there is one entry
    (6, 'Fir', null, 1); -- violates
insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values (1, 1, 0, 50, 50), (1, 2, 50, -20, 30), (3, 1, 0, 50, 50), (3, 2, 50, -20, 30), (5, 1, 0, 50, 50), (6, 1, 0, 50, 50);
