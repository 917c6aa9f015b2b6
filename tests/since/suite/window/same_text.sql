-- title: window same text
-- severity: warning
-- key: id
select d.id, d.email from (select p.id, p.email, count(*) over (partition by lower(p.email)) as n
  from person as p) as d where d.n > 1
