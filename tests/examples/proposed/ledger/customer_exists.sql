-- fails: 2
-- passes: 1

insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values
    (1, 1, 0, 50, 50), -- fine
    (2, 1, 0, 50, 50); -- violates
insert into sales.customers (customer_id, name) values (1, 'Acme');
