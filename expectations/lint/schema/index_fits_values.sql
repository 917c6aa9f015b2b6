-- title: Index on long text
-- severity: info
-- key: object
-- why: A btree entry holds at most about 2,700 bytes, compressed: a longer text cannot be inserted. Such an index is as
--   large as the column, and serves no search for words.
select g.object,
  format('index %s is a btree on %s, a text without a limit', g.name, c.object) as message,
  jsonb_strip_nulls(jsonb_build_object('average bytes by statistics', w.bytes)) as evidence,
  format(
    'how do queries search %s? For whole values, a hash index takes any length; for words, a GIN index; if neither, drop '
    'index %s', c.object, g.name
  ) as suggestion,
  'redesign' as remedy,
  jsonb_build_object(
    'from', s.source,
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(''longest value in bytes'', max(octet_length(t.%1$s)), ''severity'', '
      'case when max(octet_length(t.%1$s)) > 1300 then ''warning'' end))', c.quoted
    )
  ) as probe
from (
  select g.*, unnest(g.attnums) as attnum
  from table_index as g
  where g.method = 'btree' and not g.has_constraint
) as g
join relation as r on r.oid = g.relation
join sample as s on s.relation = g.relation
join table_column as c on c.relation = g.relation and c.attnum = g.attnum
left join (
  select p.schemaname, p.tablename, p.attname, max(p.avg_width) as bytes
  from pg_stats as p
  group by p.schemaname, p.tablename, p.attname
) as w on w.schemaname = r.schema and w.tablename = r.name and w.attname = c.name
where (c.type = 25 or c.type = 1043 and (c.typmod = -1 or c.typmod > 2700))
  and not c.is_generated
  and (
    c.last_word in (
      'body', 'content', 'contents', 'description', 'message', 'comment', 'comments', 'note', 'notes', 'text', 'html',
      'markdown', 'payload', 'query', 'details', 'remark', 'remarks', 'bio', 'biography', 'summary', 'abstract', 'stacktrace',
      'transcript', 'article', 'raw'
    )
    or w.bytes > 300
  )
order by 1
