-- title: join inner
-- severity: warning
-- key: id
select p.id, c.name from person as p join city as c on c.id = p.city_id and c.region = 'n'
