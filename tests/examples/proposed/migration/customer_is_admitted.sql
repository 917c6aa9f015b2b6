-- fails: 1, 2
-- passes: 3

insert into migration.quarantined_customer (customer_id, reasons)
values (1, '{customers.email_is_valid}'), (2, '{}'); -- violate, whatever the reason is
insert into sales.customers (customer_id, name) values (3, 'Cedar'); -- fine: is admitted
