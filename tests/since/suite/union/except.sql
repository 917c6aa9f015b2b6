-- title: union except
-- severity: warning
-- key: id
select p.id from person as p where p.score > 60 except select i.person_id from item as i where
  i.kind <> 'k2'
