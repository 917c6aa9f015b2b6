-- title: counted wider
-- severity: warning
-- key: id
select p.id from person as p where exists (select from item as i where i.person_id = p.id and i.kind in ('k1',
  'k2')) and p.score > 60
