-- fails: 1, 3, 5, 6, 9, 10, 19, 20, 21, 22, 25, 26
-- passes: 2, 4, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18, 23, 24, 27

-- a NULL customer can only be planted without the constraint
alter table orders alter column customer_id drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values
    (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'),
    (2, 'Birch', 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY');

insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)
values
    -- violates: one key for two customers, however its name is spelled
    (1, 1, 1, 'custom_crm', '{"api-key": "k-1"}'),
    (3, 3, 2, 'custom_crm', '{"API_KEY": "k-1"}'),
    -- fine: one key for two orders of one customer
    (2, 2, 1, 'custom_crm', '{"api-key": "k-2"}'),
    (4, 4, 1, 'custom_crm', '{"api-key": "k-2"}'),
    -- violates: whatever the script is, and with an escape in the value
    (5, 5, 1, 'bulk_delivery', '{"api-key": "k-3"}'),
    (6, 6, 2, null, '{"api-key": "k\u002d3"}'),
    -- fine: case makes two keys of it
    (7, 7, 1, 'custom_crm', '{"api-key": "k-4"}'),
    (8, 8, 2, 'custom_crm', '{"api-key": "K-4"}'),
    -- violates: a shared reference is a shared key
    (9, 9, 1, 'custom_crm', '{"api-key": "secret-ref:crm/shared"}'),
    (10, 10, 2, 'custom_crm', '{"api-key": "secret-ref:crm/shared"}'),
    -- fine: no key, since both are empty
    (11, 11, 1, 'custom_crm', '{"api-key": ""}'),
    (12, 12, 2, 'custom_crm', '{"api-key": ""}'),
    -- fine: equal numbers are not keys
    (13, 13, 1, 'custom_crm', '{"api-key": 5}'),
    (14, 14, 2, 'custom_crm', '{"api-key": 5}'),
    -- fine here: nested keys, and keys within arrays, are not looked at
    (15, 15, 1, 'custom_crm', '{"crm": {"api-key": "k-6"}}'),
    (16, 16, 2, 'custom_crm', '[{"api-key": "k-6"}]'),
    -- fine: another key, such as that of a region, may be equal
    (17, 17, 1, 'custom_crm', '{"api-key": "k-7", "region": "west"}'),
    (18, 18, 2, 'custom_crm', '{"api-key": "k-8", "region": "west"}'),
    -- violates: of a repeated key the last value counts, and it is shared
    (19, 19, 1, 'custom_crm', '{"api-key": "k-9", "api-key": "k-10"}'),
    (20, 20, 2, 'custom_crm', '{"api-key": "k-10"}'),
    -- violates: one of two keys is shared, and a bad escape elsewhere does not hide it
    (21, 21, 1, 'custom_crm', '{"api-key": "k-11", "api_key": "k-12"}'),
    (22, 22, 2, 'custom_crm', '{"apikey": "k-12", "note": "\ud800"}'),
    -- fine: of a repeated key the last value counts, and the shared one comes first
    (23, 23, 2, 'custom_crm', '{"api-key": "k-2", "api-key": "k-13"}'),
    -- fine here: NULL is not another customer
    (24, 24, null, 'custom_crm', '{"api-key": "k-2"}');

-- violates: closed orders still hold their key
insert into orders (order_id, order_ref, customer_id, delivery_script_args, order_status)
values
    (25, 25, 1, '{"api-key": "k-14"}', 'cancelled'),
    (26, 26, 2, '{"api-key": "k-14"}', 'expired'),
    (27, 27, 2, null, 'active'); -- fine: holds no key
