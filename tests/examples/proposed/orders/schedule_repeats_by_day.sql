-- fails: 1, 2
-- passes: 3, 4, 5, 6, 7, 8

-- half-hours n in which n modulo the period is below a number
insert into sales.schedules (schedule_id, half_hours)
select s.id, range_agg(int4range(h.n, h.n + 1))
from (values (1, 40, 20), (2, 42, 3), (3, 48, 20), (4, 144, 7), (5, 336, 336), (6, 336, 20), (7, 24, 5)) as s (id, period, length)
cross join generate_series(0, 335) as h (n)
where h.n % s.period < s.length
group by s.id;
insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, schedule_id)
values
    (1, 1, 1, 5, 1), -- violates: every 20 hours
    (2, 2, 1, 5, 2), -- violates: every 21 hours
    (3, 3, 1, 5, 3), -- fine: every day
    (4, 4, 1, 5, 4), -- fine: every third day
    (5, 5, 1, 5, 5), -- fine: always
    (6, 6, 1, 5, 6), -- fine: once a week
    (7, 7, 1, 5, 7), -- fine: twice a day
    (8, 8, 1, 5, null); -- fine: never
