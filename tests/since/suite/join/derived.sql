-- title: join derived
-- severity: warning
-- key: id
select p.id from person as p left join (select d.person_id as who, d.ts from doc as d where d.ts is
  not null) as x on x.who = p.id where x.ts is null and p.score between 40 and 60
