-- fails: 1, 2
-- passes: 3, 4, 5

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 5) as n;
insert into sales_old.delivery_texts (delivery_id, args_text)
values
    (1, '{"a": 1, "a": 2}'), -- violates
    (2, '{"a": 1, "\u0061": 1}'), -- violates: the same, written otherwise
    (3, '{"a": 1, "A": 2}'), -- fine: case makes two of them
    (4, '{"a": {"b": 1}, "c": {"b": 1}}'), -- fine: in two objects
    (5, '[1, 1]'); -- fine here: no object
