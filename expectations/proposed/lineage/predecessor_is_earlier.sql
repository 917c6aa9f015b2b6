-- title: Recreation precedes its predecessor
-- severity: critical
-- key: order_id
-- why: A predecessor has a smaller number and an earlier business day. Another record was made by hand. Two such
--   records can name each other, and a report by predecessor then follows a circle.
-- highlight: predecessor_id, previous_day
select r.order_id, r.first_ancestor_id, r.predecessor_id, r.business_day, p.business_day as previous_day
from sales.recreations as r
left join sales.recreations as p on p.order_id = r.predecessor_id
where r.predecessor_id >= r.order_id
  or p.business_day >= r.business_day
order by r.order_id
