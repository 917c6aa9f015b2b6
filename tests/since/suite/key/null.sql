-- title: key null
-- severity: warning
-- key: city_id
select p.city_id, p.id from person as p where p.city_id is null or p.city_id > 38
