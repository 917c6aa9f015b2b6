-- title: Type does not fit the values
-- severity: warning
-- key: object
-- why: Ports go up to 65535, and a smallint ends at 32767: higher ones are refused, or stored as negative numbers. A
--   network address as text may be no address, sorts wrongly, and cannot be searched by its network.
select c.object,
  'warning' as severity,
  format('%s has type %s, which ends at 32767; ports go up to 65535', c.object, c.type_name) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('alter table %s alter column %s type integer', r.quoted, c.quoted) as suggestion,
  case when c.is_domain or r.has_children then 'redesign' else 'rewrite' end as remedy,
  jsonb_build_object(
    'from', s.source,
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(''largest value'', max(t.%1$s), ''below zero'', '
      'nullif(count(*) filter (where t.%1$s < 0), 0)))', c.quoted
    )
  ) as probe
from table_column as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
where c.type = 21
  and c.last_word in ('port', 'sport', 'dport')
  and not c.is_inherited
  and not c.is_generated
union all
select c.object, 'info', format('%s holds network addresses as text (%s)', c.object, c.type_name),
  jsonb_build_object('type', c.type_name),
  format(
    E'-- programs that read or write %s must change first\nalter table %s alter column %s type inet using %s::inet',
    c.object, r.quoted, c.quoted, c.quoted
  ),
  'redesign',
  jsonb_build_object(
    'from', s.source,
    'evidence', format('jsonb_build_object(''addresses'', count(t.%s))', c.quoted),
    'holds', format(
      'count(t.%1$s) >= 5 and bool_and(t.%1$s ~ %2$L) filter (where t.%1$s is not null)', c.quoted,
      '^(\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(/\d{1,3})?$'
    )
  )
from table_column as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
where c.family = 'text'
  and (c.last_word in ('ip', 'ipaddr', 'ipaddress', 'ipv4', 'ipv6') or 'ip' = any(c.words) and c.last_word ~ '^(addr|address)$')
  and c.default_expression is null
  and not c.is_inherited
  and not c.is_generated
order by 1
