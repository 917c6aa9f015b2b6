-- title: group joined
-- severity: warning
-- key: id
select c.id, s.people from city as c join (select p.city_id, count(*) as people, sum(p.score) as
  total from person as p group by p.city_id) as s on s.city_id = c.id where s.total > 400
