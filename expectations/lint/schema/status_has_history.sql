-- title: Status without a history
-- severity: warning
-- key: object
-- why: When the status changes, its former value and the time of the change are lost. Neither waiting times nor past
--   decisions can be reconstructed.
with change_time as materialized (
  -- tables with the time of a change or of an outcome
  select distinct c.relation
  from table_column as c
  where c.family in ('time', 'date') and (
      c.words && array[
        'changed', 'change', 'updated', 'update', 'modified', 'modification', 'edited', 'since', 'status', 'state',
        'sent', 'paid', 'done', 'won', 'lost', 'sold', 'begun', 'withdrawn', 'end', 'ends', 'finish', 'start',
        'close', 'completion', 'expiry', 'expires', 'expiration', 'cancellation', 'approval', 'termination'
      ]
      or exists (
        select
        from unnest(c.words) as w (word)
        where w.word ~ '[a-z]{2}ed$'
          and w.word not in (
            'created', 'inserted', 'added', 'imported', 'recorded', 'registered', 'joined', 'invited', 'ordered',
            'placed', 'requested', 'scheduled', 'planned', 'expected', 'estimated', 'required', 'needed', 'need',
            'hired', 'dated', 'based'
          )
      )
      or cardinality(c.words) = 1
        and c.name ~* '([a-z]{2}ed|sent|paid|end|start|expiry|update)(at|on|date|time)$'
        and c.name !~* '^(created|inserted|added|imported|recorded|registered|joined|ordered|placed|scheduled|required)'
    )
    or c.family in ('tstzrange', 'tsrange', 'daterange', 'tstzmultirange', 'tsmultirange', 'datemultirange')
),
history_table as materialized (
  -- tables that store the history of other tables
  select r.oid, r.schema, r.words,
    r.name in ('versions', 'audits', 'audit_log', 'audit_logs', 'logged_actions', 'record_version')
    and bool_or(c.words && array['type', 'table', 'entity', 'model', 'relation', 'schema']) as keeps_any_table
  from relation as r
  join table_column as c on c.relation = r.oid
  join table_kind as t on t.relation = r.oid
  where r.words && array[
      'log', 'logs', 'event', 'events', 'history', 'histories', 'audit', 'audits', 'version', 'versions', 'archive',
      'snapshot', 'snapshots', 'revision', 'revisions', 'transition', 'transitions', 'change', 'changes', 'status',
      'statuses', 'state', 'states'
    ]
    and not t.is_lookup
  group by r.oid, r.schema, r.name, r.words
  having bool_or(c.family in ('time', 'date', 'tstzrange', 'tsrange', 'daterange'))
),
table_with_history as materialized (
  -- tables with a stored history
  select k.relation
  from (
    select r.oid as relation, k.oid as history_table
    from history_table as k
    cross join relation as r
    where k.keeps_any_table
    union all
    select f.target, k.oid
    from history_table as k
    join foreign_key as f on f.relation = k.oid
    union all
    select r.oid, k.oid
    from (
      select k.oid, k.schema, k.words, generate_series(1, cardinality(k.words) - 1) as size from history_table as k
    ) as k
    join relation as r on r.schema = k.schema
      and cardinality(r.words) = k.size
      and r.words[:cardinality(r.words) - 1] = k.words[:k.size - 1]
      and k.words[k.size]
        in (r.last_word, regexp_replace(r.last_word, 's$', ''), regexp_replace(r.last_word, 'ies$', 'y'),
          regexp_replace(r.last_word, '(s|x|z|ch|sh)es$', '\1'))
  ) as k
  where k.history_table <> k.relation
    and (k.relation, k.history_table) not in (select f.relation, f.target from foreign_key as f)
)
select c.object,
  'info' as severity,
  format('column %s stores only its latest value, without the time of its last change', c.object) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('does it matter when %s changed, and what it was before? If it does, keep a history', c.object) as suggestion,
  'redesign' as remedy,
  jsonb_build_array(jsonb_build_object('where', array['several values'], 'suggestion', u.statements)) as instead,
  jsonb_build_object(
    'from', s.source,
    'evidence', format(
      'case when count(t.%1$s) >= 5 and min(t.%1$s) <> max(t.%1$s) '
      'then ''{"several values": true, "severity": "warning"}'' else ''{}'' end::jsonb', c.quoted
    )
  ) as probe
from status_column as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
join table_kind as t on t.relation = c.relation
cross join lateral (
  select format('%I.%I', r.schema, b.stem || '_history') as quoted,
    format('%I.%I', r.schema, b.stem || '_history_write') as writer
  from (select left(r.name || '_' || c.name, 48) as stem) as b
) as h
left join (
  select p.relation, string_agg(p.quoted, ', ' order by p.attnum) as list,
    string_agg(p.quoted || ' ' || p.type_name, ', ' order by p.attnum) as columns,
    string_agg('new.' || p.quoted, ', ' order by p.attnum) as fresh
  from table_constraint as t
  join table_column as p on p.relation = t.relation and p.attnum = any(t.attnums)
  where t.kind = 'p'
  group by p.relation
) as k on k.relation = c.relation
cross join lateral (
  select case
      when k.list is null
      then format('alter table %s add column %I timestamptz', r.quoted, left(c.name, 52) || '_changed_at')
      else format(
        E'create table %1$s (%2$s, %3$s %4$s, changed_at timestamptz not null default clock_timestamp(), '
        'primary key (%5$s, changed_at), foreign key (%5$s) references %6$s (%5$s) on delete cascade);\n'
        'create function %7$s() returns trigger language plpgsql as '
        '$$begin insert into %1$s (%5$s, %3$s) values (%8$s, new.%3$s); return null; end$$;\n'
        'create trigger %9$I after insert or update of %3$s on %6$s for each row execute function %7$s()',
        h.quoted, k.columns, c.quoted, c.type_name, k.list, r.quoted, h.writer, k.fresh, left(c.name, 46) || '_keeps_history'
      )
    end as statements
) as u
where c.is_status
  and not c.is_inherited
  and not t.is_junction
  and not t.is_lookup
  and not r.is_log
  and r.last_word not in (
    'histories', 'audits', 'snapshots', 'revision', 'revisions', 'transition', 'transitions', 'change', 'changes'
  )
  -- facts and results that do not change over time
  and not c.words && array['marital', 'response', 'result', 'previous', 'old', 'new', 'last', 'initial', 'final']
  and not exists (select from change_time as m where m.relation = c.relation)
  and not exists (select from table_with_history as k where k.relation = r.oid)
order by c.object
