-- title: window other table
-- severity: warning
-- key: id
select d.id from (select p.id, count(*) over (partition by c.region) as n from person as p join city
  as c on c.id = p.city_id) as d where d.n > 60
