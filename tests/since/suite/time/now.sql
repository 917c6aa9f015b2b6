-- title: time now
-- severity: warning
-- key: uid
select d.uid from doc as d where d.ts > now() + interval '1 day'
