-- title: group all
-- severity: warning
-- key: id
select p.id from person as p where p.score > (select avg(o.score) * 1.8 from person as o where
  o.score <> 'NaN')
