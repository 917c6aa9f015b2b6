-- title: Texts padded with spaces
-- severity: info
-- key: object
-- why: A char(n) fills each value with spaces up to its length. They use space, come back to programs, and get lost in
--   some comparisons and not in others.
select r.schema as object,
  format('%s columns of schema %s have type char(n), which pads texts with spaces', count(*), r.schema) as message,
  jsonb_build_object('columns', jsonb_agg(c.object order by c.object)) as evidence,
  'use text, or varchar(n) where a limit is meant, but for codes that always have that length' as suggestion,
  'redesign' as remedy
from table_column as c
join relation as r on r.oid = c.relation
where c.type = 1042
  and not c.is_domain
  and not c.is_inherited
  -- shorter ones are codes, and others digests
  and c.typmod - 4 > 8
  and c.typmod - 4 not in (32, 40, 64, 128)
  and c.last_word not in ('isbn', 'ean', 'gtin', 'upc', 'iban', 'hash', 'md5', 'sha1', 'sha256', 'checksum', 'uuid', 'guid')
group by r.schema
having count(*) >= 3
order by 1
