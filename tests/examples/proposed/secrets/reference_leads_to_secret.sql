-- fails: 2, 3, 4, 7
-- passes: 1, 5, 6, 8

insert into sales_private.secrets (secret_id, customer_id, secret) values (1, 1, 'k-1'), (7, 1, 'k-7'), (8, 1, null);
update sales_private.secrets set mark = hashtextextended(secret, 0);
insert into sales.deliveries (delivery_id, customer_id, script_name, args)
values
    (1, 1, 'custom_crm', '{"api-key": "secret-ref:sales/1", "more": [{"token": "secret-ref:sales/7"}]}'), -- fine
    (2, 2, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'), -- violates: another customer's
    (3, 1, 'custom_crm', '{"a": {"token": "secret-ref:sales/77"}}'), -- violates: there is no 77
    (4, 1, 'custom_crm', '{"token": "secret-ref:sales/one"}'), -- violates: no number
    (5, 1, 'custom_crm', '{"api-key": "secret-ref:crm/acme"}'), -- fine: kept elsewhere
    (6, 1, 'bulk_delivery', null), -- fine
    (7, 1, 'custom_crm', '{"api-key": "secret-ref:sales/8"}'), -- violates: forgotten, and its order is live
    (8, 1, 'custom_crm', '{"api-key": "secret-ref:sales/8"}'); -- fine: forgotten, and its order is closed
insert into sales.orders (order_id, customer_id, delivery_id, order_status) values
    (1, 1, 1, 'active'), (7, 1, 7, 'paused'), (8, 1, 8, 'cancelled');
