-- title: counted window
-- severity: warning
-- key: id
select d.id from (select p.id, count(*) over (partition by p.city_id) as n from person as p where p.tag in
  ('t1', 't2')) as d where d.n > 4
