-- title: window levels
-- severity: warning
-- key: id
select s.id from (select h.id, h.tag, min(h.id) over (partition by lower(h.tag) collate "C",
  h.city_id) as f from (select p.*, count(*) over (partition by hashtextextended(lower(p.tag), 0))
  as n from person as p) as h where h.n > 1) as s where s.f < s.id
