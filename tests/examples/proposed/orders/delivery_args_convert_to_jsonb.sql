-- fails: 1, 2, 3, 7, 8, 9, 10, 11, 12
-- passes: 4, 5, 6, 13

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 13) as n;
insert into sales_old.delivery_texts (delivery_id, args_text)
values
    (1, '{"a": "\u0000"}'), -- violates: a zero character
    (2, '{"a": "\ud83d"}'), -- violates: half a pair
    (3, '{"\ude00": 1}'), -- violates: the other half, in a key
    (4, '{"a": "\ud83d\ude00"}'), -- fine: a pair
    (5, '{"a": "\\u0000"}'), -- fine: a backslash and what comes after it
    (6, '{"a": 1}'), -- fine
    (7, '{"a": "\uDAff"}'), -- violates: half a pair, in capitals
    (8, '{"a": "\uDBff"}'), -- violates: half a pair, in capitals
    (9, '{"a": "\uDCff"}'), -- violates: the other half, in capitals
    (10, '{"a": "\uDFff"}'), -- violates: the other half, in capitals
    (11, '{"a": 1e400000}'), -- violates: a number beyond numeric
    (12, '[-1.5e-16383]'), -- violates: too many digits after the point
    (13, '{"1e400000": 1e131071, "a": "\\", "b": "1e400000"}'); -- fine: texts, and a number that numeric has
