-- title: Disabled trigger
-- severity: warning
-- key: object
-- why: Whatever it guarded has not been guarded since; of a foreign key's triggers, rows without a parent come in.
with recursive member (root, oid) as (
  select r.oid, r.oid from relation as r
  union
  select m.root, i.inhrelid from member as m join pg_inherits as i on i.inhparent = m.oid
),
-- the triggers of a constraint are called after the constraint, their own names being numbers
silent as (
  select m.root, t.tgrelid as relation, t.tgname, t.tgisinternal as is_internal, format('%I.%I', n.nspname, c.relname) as named,
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
    '%s %s on %s is disabled', case when s.is_internal then 'what enforces constraint' else 'trigger' end, s.name,
    case
      when bool_or(s.relation = r.oid) then r.object
      else format('%s of the %s partitions of %s', count(distinct s.relation), r.below, r.object)
    end
  ) as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'internal', s.is_internal,
      'partitions', case
        when r.below > 0 then format('%s of %s', count(distinct s.relation) filter (where s.relation <> r.oid), r.below)
      end
    )
  ) as evidence,
  string_agg(
    format('alter table %s enable trigger %I', s.named, s.tgname), E';\n' order by s.relation <> r.oid, s.named, s.tgname
  ) as suggestion,
  'statement' as remedy
from silent as s
join relation as r on r.oid = s.root
group by r.oid, r.object, r.below, s.name, s.is_internal
order by 1
