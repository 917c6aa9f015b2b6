-- title: window lag
-- severity: warning
-- key: id
select d.id from (select p.id, p.score, lag(p.score) over w as before from person as p window w as
  (partition by p.city_id, p.tag order by p.id)) as d where d.score < d.before - 70
