-- title: row key not unique
-- severity: warning
-- key: city_id
select p.city_id, p.id from person as p where p.score > 90
