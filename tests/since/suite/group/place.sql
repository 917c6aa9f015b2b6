-- title: group place
-- severity: warning
-- key: region
select c.region, max(c.name) from city as c group by 1 having count(*) > 3
