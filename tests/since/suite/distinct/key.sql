-- title: distinct key
-- severity: warning
-- key: city_id
select distinct p.city_id from person as p where p.tag = 't1' and p.score > 90
