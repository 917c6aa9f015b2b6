-- title: window whole
-- severity: warning
-- key: id
select d.id from (select p.id, rank() over (order by p.score desc) as r from person as p) as d where
  d.r < 4
