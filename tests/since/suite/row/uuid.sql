-- title: row uuid
-- severity: warning
-- key: uid
select d.uid, d.body from doc as d where json_typeof(d.body) <> 'object'
