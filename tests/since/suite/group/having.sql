-- title: group having
-- severity: warning
-- key: city_id
select p.city_id, count(*) from person as p group by p.city_id having count(*) > 12
