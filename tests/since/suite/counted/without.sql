-- title: counted without
-- severity: warning
-- key: id
select p.id from person as p left join (select i.person_id, i.kind from item as i where i.kind is null) as n
  on n.person_id = p.id where n.person_id is null and p.score between 30 and 40
