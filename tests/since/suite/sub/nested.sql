-- title: sub nested
-- severity: warning
-- key: id
select c.id from city as c where not exists (select from person as p where p.city_id = c.id and
  exists (select from item as i where i.person_id = p.id and i.kind = 'k1'))
