-- title: with grouped
-- severity: warning
-- key: id
with n as materialized (select i.person_id, count(*) as items from item as i group by i.person_id)
  select p.id, n.items from person as p left join n on n.person_id = p.id where coalesce(n.items, 0)
  > 4
