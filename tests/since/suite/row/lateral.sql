-- title: row lateral
-- severity: warning
-- key: id
select p.id, n.letters from person as p cross join lateral (select length(p.name) as letters offset
  0) as n where n.letters > 6
