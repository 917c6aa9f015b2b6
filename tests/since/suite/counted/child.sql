-- title: counted child
-- severity: warning
-- key: id
select p.id, s.n from person as p join (select i.person_id, count(*) as n from item as i where i.kind = 'k1'
  group by i.person_id) as s on s.person_id = p.id where s.n > 1
