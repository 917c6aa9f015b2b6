-- fails: 2, 4
-- passes: 1, 3, 5, 6, 7, 8, 9

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount, schedule_id)
values
    (1, 1, 1, 'active', 5, 1), -- fine: the first of them
    (2, 2, 1, 'paused', 5.00, 1), -- violates
    (3, 3, 1, 'active', 5, null), -- fine: the first of these
    (4, 4, 1, 'active', 5, null), -- violates: no schedule is the same as none
    (5, 5, 1, 'cancelled', 5, 1), -- fine: closed
    (6, 6, 2, 'active', 5, 1), -- fine: another customer
    (7, 7, 1, 'active', 5, 1), -- fine: other arguments
    (8, 1, 1, 'active', 5, 1), -- fine: other arguments
    (9, 8, 1, 'active', 6, 1); -- fine: another amount
insert into sales.order_deliveries (order_id, script_name, args)
values
    -- the secrets of two orders are two, whether they are equal or not
    (1, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'),
    (2, 'custom_crm', '{"api-key": "secret-ref:sales/2"}'),
    (7, 'custom_crm', '{"api-key": "secret-ref:sales/7"}');
insert into sales_private.delivery_originals (order_id, args_text)
values (1, '{"api-key":"k-1"}'), (2, '{"api-key":"k-1"}'), (7, '{"api-key":"k-7"}');
