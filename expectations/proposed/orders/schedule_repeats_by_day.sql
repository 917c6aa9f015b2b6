-- title: Schedule repeats, but not by day
-- severity: warning
-- key: order_id
-- why: The schedule repeats, but with a period that does not fit into one, two or three days. The delivery hours
--   therefore shift from day to day. Compare them with the hours that the customer ordered.
-- limitations: that the shift is unintended. No column says which hours the customer ordered.
-- highlight: half_hours
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, w.half_hours
from sales.orders as o
join sales.schedules as w on w.schedule_id = o.schedule_id
join (
  -- Test each schedule once, however many orders use it.
  select b.schedule_id
  from (
    select s.schedule_id,
      (
        -- one byte for each half-hour: bytea is cut and compared faster than text
        select convert_to(string_agg(case when s.half_hours @> h.n then '1' else '0' end, '' order by h.n), 'UTF8')
        from generate_series(0, 335) as h (n)
      ) as bits
    from sales.schedules as s
    offset 0
  ) as b
  where position('1'::bytea in b.bits) > 0
    and position('0'::bytea in b.bits) > 0
    -- The schedule does not repeat after one, two or three days.
    and substr(b.bits, 1, 288) <> substr(b.bits, 49)
    and substr(b.bits, 1, 240) <> substr(b.bits, 97)
    and substr(b.bits, 1, 192) <> substr(b.bits, 145)
    and exists (
      select from generate_series(2, 167) as p (period)
      where substr(b.bits, 1, 336 - p.period) = substr(b.bits, p.period + 1)
    )
) as drifting on drifting.schedule_id = w.schedule_id
order by o.order_id
