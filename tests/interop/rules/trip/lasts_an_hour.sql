-- title: Longest trip
-- severity: warning
-- measure: lasting
-- variables: longest = 1
-- at_most: 1 hour
select max(t.ended - t.started) * :longest as lasting from trip as t
