-- title: join parent
-- severity: warning
-- key: id
select p.id from person as p left join city as c on c.id = p.city_id where c.id is null
