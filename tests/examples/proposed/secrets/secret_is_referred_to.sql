-- fails: 2, 3, 4
-- passes: 1, 5, 6

insert into sales_private.secrets (secret_id, customer_id, secret)
values
    (1, 1, 'k-1'), -- fine
    (2, 1, 'k-2'), -- violates: nobody refers to it
    (3, 2, 'k-3'), -- violates: a delivery of another customer does
    (4, 3, 'k-4'), -- violates: its customer has no delivery
    (5, 2, 'k-5'), -- fine
    (6, 1, null); -- fine: forgotten
update sales_private.secrets set mark = hashtextextended(secret, 0);
insert into sales.deliveries (delivery_id, customer_id, script_name, args)
values
    (1, 1, 'custom_crm', '{"api-key": "secret-ref:sales/1", "token": "secret-ref:sales/3"}'),
    (2, 2, 'custom_crm', '{"a": [{"token": "secret-ref:sales/5"}], "note": "secret-ref:sales/22"}');
