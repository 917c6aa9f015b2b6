-- title: group of groups
-- severity: warning
-- key: id
select p.id from person as p join (select i.person_id, max(i.amount) as most from item as i group by
  i.person_id, i.kind) as m on m.person_id = p.id where m.most > 99
