-- title: window joined
-- severity: warning
-- key: id
select d.id from (select p.id, c.region, row_number() over (partition by p.city_id order by p.score,
  p.id) as r from person as p join city as c on c.id = p.city_id) as d where d.r > 9
