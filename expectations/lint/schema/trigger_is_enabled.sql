-- title: Disabled trigger
-- severity: warning
-- key: object
-- why: The trigger's checks have not been made since it was disabled. Without a foreign key's triggers, rows without
--   a referenced row are accepted.
with -- internal triggers are reported under the name of their constraint
disabled_trigger as (
  select m.root, t.tgrelid as relation, t.tgname, t.tgisinternal as is_internal,
    format('%I.%I', n.nspname, c.relname) as quoted,
    case when t.tgisinternal then coalesce(k.conname, t.tgname) else t.tgname end as name
  from member as m
  join pg_trigger as t on t.tgrelid = m.oid
  join pg_class as c on c.oid = m.oid
  join pg_namespace as n on n.oid = c.relnamespace
  left join pg_constraint as k on k.oid = t.tgconstraint
  where t.tgenabled = 'D'
)
select r.object || '.' || s.name as object,
  format(
    case
      when s.is_internal then 'the internal triggers of constraint %s are disabled on %s'
      else 'trigger %s is disabled on %s'
    end,
    s.name,
    case
      when bool_or(s.relation = r.oid) then format('table %s', r.object)
      else format('%s of %s %s of table %s', count(distinct s.relation), r.descendants, r.partition_noun, r.object)
    end
  ) as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'internal', s.is_internal,
      'partitions', case
        when r.descendants > 0 then format(
          '%s of %s', count(distinct s.relation) filter (where s.relation <> r.oid), r.descendants
        )
      end
    )
  ) as evidence,
  string_agg(
    format('alter table %s enable trigger %I', s.quoted, s.tgname), E';\n' order by s.relation <> r.oid, s.quoted, s.tgname
  ) as suggestion,
  'statement' as remedy
from disabled_trigger as s
join relation as r on r.oid = s.root
group by r.oid, r.object, r.descendants, r.partition_noun, s.name, s.is_internal
order by 1
