-- title: Natural key without a unique constraint
-- severity: warning
-- key: object
-- why: The same person or product gets in twice, under two keys, and from then on each has a part of the history; whoever
--   looks it up by this value gets one of them by chance.
with natural_key as (
  select c.relation, c.place, w.word
  from col as c
  join relation as r on r.oid = c.relation
  cross join lateral (
    -- what stands before the word, and the word; an unsplit name is parted at the longest that it ends with
    select
      case
        when c.words = array['external', 'id'] then array['', 'external_id']
        when cardinality(c.words) > 1 then array[array_to_string(c.words[:cardinality(c.words) - 1], ''), c.last_word]
        else regexp_match(
          c.words[1],
          '^(.*?)(email|username|login|slug|sku|isbn|ean|upc|gtin|barcode|iban|vin|ssn|rowguid|guid|gid|uuid|code)$'
        )
      end as parts
  ) as p
  cross join lateral (select p.parts[1] as stem, p.parts[2] as word) as w
  where c.family in ('text', 'uuid', 'integer')
    and w.word in (
      'email', 'username', 'login', 'slug', 'sku', 'isbn', 'ean', 'upc', 'gtin', 'barcode', 'iban', 'vin', 'ssn', 'guid',
      'rowguid', 'gid', 'uuid', 'code', 'external_id'
    )
    and (
      w.stem = ''
      or (c.relation, w.stem) in (select n.relation, n.noun from noun as n)
      -- the last word of a table's name may stand for it
      or w.word <> 'code' and w.stem in (r.last_word, regexp_replace(r.last_word, 's$', ''))
    )
    and not c.is_generated
    and (c.relation, c.place) not in (select o.relation, o.place from role as o where o.is_reference)
    and not r.is_log
    and not r.words && array[
      'applied', 'invited', 'invite', 'invites', 'invitation', 'invitations', 'requested', 'request', 'requests', 'webhook',
      'webhooks'
    ]
    and (
      w.word <> 'email'
      or r.last_word ~ (
        '^(user|account|customer|staff|employee|member|subscriber|contact|client|person|admin|administrator|author|student'
        '|teacher|patient|supplier|vendor|participant|buyer|seller|merchant|owner|agent|operator|tenant|partner|donor)s?$'
      )
      or r.last_word in ('people', 'login', 'logins')
    )
    and (c.relation, c.place) not in (select k.relation, k.place from kinship as k)
    and c.relation not in (select x.relation from trait as x where x.is_junction)
)
select c.object,
  format('nothing keeps %s unique: the same %s may be in %s twice', c.object, replace(k.word, '_', ' '), r.object) as message,
  jsonb_strip_nulls(jsonb_build_object('type', c.written, 'distinct values by statistics', e.distincts)) as evidence,
  case
    when r.is_partitioned then format('a table of its own with %s as its key, since no unique index spans partitions', c.named)
    else u.made || coalesce(' where ' || u.alive, '')
  end as suggestion,
  case when r.is_partitioned then 'redesign' else 'statement' end as remedy,
  case
    when r.is_partitioned then '[]'
    else jsonb_build_array(
      jsonb_build_object(
        'where', array['duplicates'], 'remedy', 'redesign',
        'suggestion', format(
          E'-- once nothing is left of: select %1$s from %2$s%3$s group by %1$s having count(*) > 1\n%4$s%3$s', c.named, r.named,
          ' where ' || concat_ws(' and ', case when u.is_text then u.there else c.named || ' is not null' end, u.alive), u.made
        )
      ),
      jsonb_build_object('where', array['empty texts'], 'suggestion', u.made || ' where ' || concat_ws(' and ', u.there, u.alive))
    )
  end as instead,
  jsonb_build_object(
    'from', s.source,
    case when s.is_part then 'sampled values' else 'values' end, format('count(%s)', u.value),
    'duplicates', format('count(%1$s) - count(distinct %1$s)', u.value),
    'severity', case
      -- a sample has next to none of what is there twice
      when s.is_part and e.distincts < 0.99 * e.values then '''info'''
      else format(
        'case when (count(%1$s) - count(distinct %1$s)) * 100 > count(%1$s) then ''info'' else ''warning'' end', u.value
      )
    end
  )
  || case
    when u.is_text then jsonb_build_object('empty texts', format('count(*) filter (where t.%s = '''')', c.named))
    else '{}'
  end as probe
from natural_key as k
join col as c on c.relation = k.relation and c.place = k.place
join relation as r on r.oid = k.relation
join sample as s on s.relation = k.relation
left join (
  -- rows that are deleted only by name need not be unique
  select distinct on (a.relation) a.relation, a.named
  from col as a
  where a.family = 'time'
    and a.words in (array['deleted', 'at'], array['discarded', 'at'], array['deleted', 'on'])
  order by a.relation, a.place
) as d on d.relation = c.relation
left join (
  select distinct on (p.schemaname, p.tablename, p.attname) p.schemaname, p.tablename, p.attname, p.null_frac, p.n_distinct
  from pg_stats as p
  where p.n_distinct <> 0
  order by p.schemaname, p.tablename, p.attname, p.inherited desc
) as p on s.is_part and p.schemaname = r.schema and p.tablename = r.name and p.attname = c.name
cross join lateral (
  select r.rows * (1 - p.null_frac) as values,
    round((case when p.n_distinct < 0 then - p.n_distinct * r.rows else p.n_distinct end)::numeric) as distincts
) as e
cross join lateral (
  -- an empty text is none
  select c.family = 'text' as is_text,
    case when c.family = 'text' then format('nullif(t.%s, '''')', c.named) else 't.' || c.named end as value,
    format('%s <> ''''', c.named) as there, d.named || ' is null' as alive,
    format('create unique index concurrently on %s (%s)', r.named, c.named) as made
) as u
where not exists (
  select
  from guide as g
  where g.relation = c.relation
    and g.is_valid
    and (g.is_unique or g.is_tied)
    and (
      c.place = any(g.places)
      -- within an expression, as in lower(email)
      or g.has_expressions
        and exists (
          select
          from pg_depend as d
          where d.classid = 'pg_class'::regclass and d.objid = g.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjid = c.relation and d.refobjsubid = c.place
        )
    )
)
order by c.object
