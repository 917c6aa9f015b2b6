-- title: sub in
-- severity: warning
-- key: id
select p.id from person as p where p.city_id in (select c.id from city as c where c.region = 's')
  and p.score > 80
