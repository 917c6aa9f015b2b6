-- title: group two tables
-- severity: warning
-- key: region
select c.region, count(*) from city as c join person as p on p.city_id = c.id where p.score > 95
  group by c.region having count(*) > 1
