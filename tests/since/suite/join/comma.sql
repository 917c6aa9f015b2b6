-- title: join comma
-- severity: warning
-- key: id
select p.id from person as p, city as c where p.city_id = c.id and c.name > p.name and p.score > 90
