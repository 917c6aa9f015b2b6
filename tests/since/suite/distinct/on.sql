-- title: distinct on
-- severity: warning
-- key: id
select x.id from (select distinct on (p.city_id) p.id, p.score from person as p order by p.city_id,
  p.score, p.id) as x where x.score > 20
