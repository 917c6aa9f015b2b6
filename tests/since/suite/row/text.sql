-- title: row text
-- severity: warning
-- key: id
select id, email from person where email !~ '^[a-z0-9]+@[a-z]+$' or btrim(name) = ''
