-- fails: 3, 4, 5, 12, 13, 14, 15, 16
-- passes: 1, 2, 7, 8, 9, 10, 11

insert into sales_private.secrets (secret_id, customer_id, secret)
values (1, 1, 'k-1'), (11, 1, E'a "quoted" \\ one'), (3, 1, 'k-3'), (12, 1, 'k-12');
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'custom_crm', '{"api-key": "secret-ref:sales/1", "more": ["x", {"token": "secret-ref:sales/11"}]}'), -- fine
    (2, 'bulk_delivery', '{"a": 1, "b": [2]}'), -- fine: white space, order and repeated keys say nothing
    (3, 'custom_crm', '{"api-key": "secret-ref:sales/3"}'), -- violates: another secret
    (4, 'bulk_delivery', '{"a": 1}'), -- violates: another value
    (5, 'bulk_delivery', '{"a": 1}'), -- violates: there is no original
    (7, 'bulk_delivery', null), -- fine: neither
    (8, 'bulk_delivery', null), -- fine: JSON null is none
    (9, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'), -- fine: the secret is hidden
    (10, 'custom_crm', '{"api-key": "secret-ref:crm/acme"}'), -- fine: kept elsewhere, by what was written
    (11, 'bulk_delivery', '{}'), -- fine
    (12, 'custom_crm', '{"api-key": "secret-ref:sales/12", "b": 1}'), -- violates: beside a secret that is right
    (13, 'bulk_delivery', '{"a": "?"}'), -- violates: the original can mean nothing
    (14, 'bulk_delivery', '{"a": "?"}'), -- violates: the same, half a pair
    (15, 'bulk_delivery', '{"a": "?"}'), -- violates: the same, half a pair
    (16, 'bulk_delivery', '{"a": "?"}'); -- violates: the same, the other half
insert into sales_old.delivery_texts (delivery_id, args_text)
values
    (1, '{"api-key":"k-1", "more":["x",{"token":"a \"quoted\" \\ one"}]}'),
    (2, '{"b" : [2], "a": 0, "a":1}'),
    (3, '{"api-key": "k-1"}'),
    (4, '{"a": 2}'),
    (8, ' null'),
    (9, '{"api-key":"secret-ref:sales/1"}'),
    (10, '{"api-key": "secret-ref:crm/acme"}'),
    (11, '{}'),
    (12, '{"api-key": "k-12", "b": 2}'),
    (13, '{"a": "\u0000"}'),
    (14, '{"a": "\uDAff"}'),
    (15, '{"a": "\uDBff"}'),
    (16, '{"a": "\uDCff"}');
update sales.deliveries set customer_id = 1;
