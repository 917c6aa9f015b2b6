-- title: sub average
-- severity: warning
-- key: id
select p.id from person as p where p.score > (select 1.9 * avg(o.score) from person as o where
  o.city_id = p.city_id)
