-- title: row not key
-- severity: warning
-- key: email
select p.email from person as p where p.score > 98
