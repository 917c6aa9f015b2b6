-- fails: 3, 5
-- passes: 1, 2, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'recreated', 5), -- fine: 2 came after it
    (2, 1, 1, 'active', 5), -- fine
    (3, 3, 1, 'recreated', 5), -- violates: nothing came after it
    (5, 4, 1, 'recreated', 5), -- violates: what is there came before it
    (4, 4, 1, 'active', 5); -- fine: live
