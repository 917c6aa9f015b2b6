-- title: sub exists
-- severity: warning
-- key: id
select p.id from person as p where exists (select from item as i where i.person_id = p.id and
  i.amount > 80) and not exists (select from doc as d where d.person_id = p.id)
