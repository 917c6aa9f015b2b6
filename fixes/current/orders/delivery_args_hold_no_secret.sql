-- after orders.delivery_args_convert_to_jsonb: names and values are read as they are then
-- assumes: whoever could read the orders may know the secret: it has to be replaced by a new one in any case. Backups,
--   replicas and the journal keep it.
-- leave: whoever may read orders may read the secret.

-- option move_to_secret_store: each secret is kept in order_audit.secret, which only the owner may read, and a reference
--   to it, secret-ref:order-audit/ID, stands in its place: equal secrets have equal references. Deliveries have to look
--   it up there. Secrets stay there when orders are put back, since orders made meanwhile may refer to them
-- insert order_audit.secret by id:
select n.greatest_id + row_number() over (order by n.value) as id, n.value
from (
  select distinct p.value collate "C" as value,
    (select coalesce(max(s.id), 0) from order_audit.secret as s) as greatest_id
  from (select distinct delivery_script_args::text collate "C" as args from violation) as a
  cross join lateral order_audit.pieces(a.args) as p
  where lower(p.name) ~ '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
    and p.value <> ''
    and p.value !~ '^secret-ref:[A-Za-z0-9_./-]+$'
) as n
where not exists (select from order_audit.secret as s where s.value = n.value);
-- update orders by order_id:
-- What orders have in common is looked into once, before it is joined to them.
select v.order_id, d.args_after as delivery_script_args
from violation as v
join (
  select a.args, p.args_after
  from (select distinct delivery_script_args::text collate "C" as args from violation) as a
  cross join lateral (
    select string_agg(
        case
          when lower(p.name)
              ~ '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
            and p.value <> ''
            and p.value !~ '^secret-ref:[A-Za-z0-9_./-]+$'
          then coalesce(
            '"secret-ref:order-audit/' || (select s.id from order_audit.secret as s where s.value = p.value) || '"',
            -- one that came in between is for the next time
            p.piece
          )
          else p.piece
        end, '' order by p.place
      ) as args_after
    from order_audit.pieces(a.args) as p
  ) as p
  offset 0
) as d on d.args = v.delivery_script_args::text;

-- option redact: an empty string stands in place of each secret, which is kept in the journal alone. A delivery to a CRM
--   has no key then (orders.custom_crm_has_key)
-- update orders by order_id:
-- What orders have in common is looked into once, before it is joined to them.
select v.order_id, d.args_after as delivery_script_args
from violation as v
join (
  select a.args, p.args_after
  from (select distinct delivery_script_args::text collate "C" as args from violation) as a
  cross join lateral (
    select string_agg(
        case
          when lower(p.name)
              ~ '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
            and p.value <> ''
            and p.value !~ '^secret-ref:[A-Za-z0-9_./-]+$'
          then '""'
          else p.piece
        end, '' order by p.place
      ) as args_after
    from order_audit.pieces(a.args) as p
  ) as p
  offset 0
) as d on d.args = v.delivery_script_args::text;
