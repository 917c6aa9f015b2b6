-- title: Order recreated more than once
-- severity: critical
-- key: order_id
-- why: An order has at most one successor. An earlier order was already recreated from the same predecessor. Both can
--   be recreated daily, where the customer ordered one campaign.
-- highlight: predecessor_id
select s.order_id, s.first_ancestor_id, s.predecessor_id, s.first_successor_id
from (
  select r.order_id, r.first_ancestor_id, r.predecessor_id,
    min(r.order_id) over (partition by r.predecessor_id) as first_successor_id
  from sales.recreations as r
  where r.predecessor_id is not null
) as s
where s.first_successor_id < s.order_id
order by s.order_id
