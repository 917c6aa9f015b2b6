-- title: limit some
-- severity: warning
-- key: id
select p.id from person as p order by p.score desc nulls last, p.id limit 5
