-- fails: 2, 3, 4
-- passes: 1, 5

insert into sales_private.delivery_secrets (secret_id, order_id, secret)
values
    (1, 1, 'k-1'), -- fine
    (2, 1, 'k-2'), -- violates: nobody refers to it
    (3, 2, 'k-3'), -- violates: another order does, not its own
    (4, 3, 'k-4'), -- violates: its order delivers nothing
    (5, 2, 'k-5'); -- fine
insert into sales.order_deliveries (order_id, script_name, args)
values
    (1, 'custom_crm', '{"api-key": "secret-ref:sales/1", "token": "secret-ref:sales/3"}'),
    (2, 'custom_crm', '{"a": [{"token": "secret-ref:sales/5"}], "note": "secret-ref:sales/22"}');
