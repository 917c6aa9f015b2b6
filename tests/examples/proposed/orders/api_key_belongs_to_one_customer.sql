-- fails: 1, 2, 5, 6
-- passes: 3, 4, 7, 8, 9, 10, 11

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 2 - n % 2, 5, n from generate_series(1, 11) as n;
insert into sales_private.secrets (secret_id, customer_id, secret)
values (1, 1, 'k-1'), (2, 2, 'k-1'), (3, 1, 'k-2'), (4, 2, 'K-2'), (11, 1, 'k-4');
update sales_private.secrets set mark = hashtextextended(secret, 0);
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'), -- violates: 2 has the same secret
    (2, 'bulk_delivery', '{"API_KEY": "secret-ref:sales/2"}'), -- violates, whatever its script is
    (3, 'custom_crm', '{"api-key": "secret-ref:sales/3"}'), -- fine: case makes two keys of it
    (4, 'custom_crm', '{"api-key": "secret-ref:sales/4"}'), -- fine
    (5, 'custom_crm', '{"api-key": "secret-ref:crm/shared"}'), -- violates: a shared reference is a shared key
    (6, 'custom_crm', '{"api-key": "secret-ref:crm/shared"}'), -- violates
    (7, 'custom_crm', '{"api-key": ""}'), -- fine: nobody's key
    (8, 'custom_crm', '{"api-key": ""}'), -- fine
    (9, 'custom_crm', '{"api-key": "secret-ref:sales/11"}'), -- fine: two orders of one customer
    (10, 'custom_crm', '{"crm": {"api-key": "secret-ref:sales/1"}}'), -- fine here: not at top level
    (11, 'custom_crm', '{"api-key": "secret-ref:sales/11"}'); -- fine
