-- fails: 10, 11, 12, 13, 14, 15, 16, 17
-- passes: 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 22, 23, 24, 25

-- a NULL schedule can only be planted without the constraint
alter table orders alter column order_schedule drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

-- each schedule is one turn, written over and over until the week of 336 half-hours is full
insert into orders (order_id, order_ref, customer_id, order_schedule)
select id, id, 1, left(repeat(turn, 336), 336)::bit(336)
from (
    values
        (1, '0'), -- fine: never
        (2, '1'), -- fine: always
        (3, repeat('0', 18) || repeat('1', 16) || repeat('0', 14)), -- fine: 9 to 17 o'clock; a turn of 48 is a day
        (4, repeat('1', 48) || repeat('0', 48)), -- fine: every other day, a turn of 96
        (5, repeat('1', 48) || repeat('0', 96)), -- fine: every third day, a turn of 144
        (6, '10'), -- fine: a turn of 2 fits into a day 24 times
        (7, '110'), -- fine: so does a turn of 3, 16 times
        (8, repeat('1', 8) || repeat('0', 24)), -- fine: three turns of 32 are two days
        (9, repeat('1', 8) || repeat('0', 28)), -- fine: four turns of 36 are three days
        -- violates: meant as office hours, but a turn of 54 is three hours more than a day
        (10, repeat('0', 10) || repeat('1', 10) || repeat('0', 16) || repeat('1', 10) || repeat('0', 8)),
        (11, '1' || repeat('0', 46)), -- violates: a turn of 47, half an hour less than a day
        (12, '1' || repeat('0', 48)), -- violates: a turn of 49, half an hour more
        (13, '10000'), -- violates: no number of turns of 5 makes one, two or three days
        (14, '1000000'), -- violates: turns of 7 make a week, but no one, two or three days
        (15, repeat('1', 48) || repeat('0', 72)), -- violates: a turn of two days and a half
        (16, '1' || repeat('0', 165)), -- violates: 166 is within the limit
        (17, '1' || repeat('0', 166)), -- violates: 167 is the limit
        (20, '1' || repeat('0', 167)), -- fine: 168, half a week, is beyond it
        -- fine: 9 to 17 o'clock from Monday to Friday repeats with no turn shorter than the week
        (21, repeat(repeat('0', 18) || repeat('1', 16) || repeat('0', 14), 5) || repeat('0', 96)),
        (22, repeat('0', 100) || '1' || repeat('0', 235)), -- fine: one half-hour a week does not repeat
        -- fine: turns of 54 again, but the first or the last half-hour differs, so nothing repeats exactly
        (23, '1' || left(repeat(repeat('0', 10) || repeat('1', 10) || repeat('0', 34), 7), 335)),
        (24, left(repeat(repeat('0', 10) || repeat('1', 10) || repeat('0', 34), 7), 335) || '0'),
        (25, null) -- fine here: no schedule to judge
) as example (id, turn);
