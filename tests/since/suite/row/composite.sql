-- title: row composite
-- severity: warning
-- key: a, b
select i.a, i.b, i.kind from item as i where i.amount > 95 or i.kind is null
