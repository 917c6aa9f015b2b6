-- title: sub scalar
-- severity: warning
-- key: id
select p.id, (select count(*) from item as i where i.person_id = p.id) as items from person as p
  where (select coalesce(sum(i.amount), 0) from item as i where i.person_id = p.id) > 150
