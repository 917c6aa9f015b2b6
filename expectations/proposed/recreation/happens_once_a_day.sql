-- title: Lineage recreated twice on one day
-- severity: critical
-- key: order_id
-- why: Orders are recreated daily. A second recreation of a lineage on one business day delivers its leads twice, and
--   the customer pays twice. A job that ran twice leaves such records.
-- highlight: business_day
select d.order_id, d.first_ancestor_id, d.predecessor_id, d.business_day, d.first_of_day_id
from (
  select r.order_id, r.first_ancestor_id, r.predecessor_id, r.business_day,
    min(r.order_id) over (partition by r.first_ancestor_id, r.business_day) as first_of_day_id
  from sales.recreations as r
  where r.business_day is not null
) as d
where d.first_of_day_id < d.order_id
order by d.order_id
