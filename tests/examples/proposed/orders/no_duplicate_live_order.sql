-- fails: 2, 4
-- passes: 1, 3, 5, 6, 7, 8, 9

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount, schedule_id, delivery_id)
values
    (1, 1, 1, 'active', 5, 1, 1), -- fine: the first of them
    (2, 2, 1, 'paused', 5.00, 1, 2), -- violates
    (3, 3, 1, 'active', 5, null, null), -- fine: the first of these
    (4, 4, 1, 'active', 5, null, null), -- violates: no schedule is the same as none
    (5, 5, 1, 'cancelled', 5, 1, null), -- fine: closed
    (6, 6, 2, 'active', 5, 1, null), -- fine: another customer
    (7, 7, 1, 'active', 5, 1, 7), -- fine: other arguments
    (8, 1, 1, 'active', 5, 1, null), -- fine: other arguments
    (9, 8, 1, 'active', 6, 1, null); -- fine: another amount
insert into sales.deliveries (delivery_id, script_name, args)
values
    -- two rows that say the same
    (1, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'),
    (2, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'),
    (7, 'custom_crm', '{"api-key": "secret-ref:sales/7"}');
