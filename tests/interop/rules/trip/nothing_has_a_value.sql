-- title: Nothing is there
-- severity: critical
-- measure: value
-- at_least: 1
select n.nothing_id as value from nothing as n
