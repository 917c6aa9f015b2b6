-- title: row text key
-- severity: warning
-- key: code
select c.code, c.region from country as c where c.region is null
