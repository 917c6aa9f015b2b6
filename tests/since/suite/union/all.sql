-- title: union all
-- severity: warning
-- key: id
select p.id from person as p where p.score > 99 union all select p.id from person as p join city as
  c on c.id = p.city_id where c.region is null
