-- title: sub not in
-- severity: warning
-- key: id
select c.id from city as c where c.id not in (select p.city_id from person as p)
