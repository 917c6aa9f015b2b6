-- title: Weekly schedule drifts through the day
-- severity: warning
-- key: order_id
-- why: The bitmap repeats, but not by the day: what was meant as office hours starts some hours earlier or
--   later each day, and delivers at night. It was generated with a wrong period.
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount, o.order_schedule
from orders as o
where o.order_schedule::text in (
  -- each different bitmap is judged once, however many orders have it
  select b.bits
  from (select distinct order_schedule::text as bits from orders) as b
  where position('1' in b.bits) > 0
    and position('0' in b.bits) > 0
    and exists (
      select
      from generate_series(2, least(167, length(b.bits) - 1)) as p (period)
      where left(b.bits, length(b.bits) - p.period) = substr(b.bits, p.period + 1)
    )
    and not exists (
      select
      from (values (48), (96), (144)) as p (period)
      where left(b.bits, greatest(length(b.bits) - p.period, 0)) = substr(b.bits, p.period + 1)
    )
)
order by o.order_id
