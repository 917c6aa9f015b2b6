-- after orders.delivery_args_convert_to_jsonb: names and values are readable only after that fix
-- assumes: everyone who could read the orders may know the secret, so it must be replaced in any case. Backups,
--   replicas and the journal keep it.
-- leave: everyone who may read orders can read the secret.

-- option move_to_secret_store: each secret moves to order_audit.secret, which only the owner can read. The reference
--   secret-ref:order-audit/ID replaces it; equal secrets have equal references. Deliveries must look it up. A revert
--   keeps the stored secrets, because newer orders may refer to them
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
-- Parse equal arguments once, then join them to their orders.
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
            -- a secret that was written meanwhile is left for the next run
            p.piece
          )
          else p.piece
        end, '' order by p.place
      ) as args_after
    from order_audit.pieces(a.args) as p
  ) as p
  offset 0
) as d on d.args = v.delivery_script_args::text;

-- option redact: an empty string replaces each secret, which the journal keeps. A CRM delivery then lacks its key
--   (orders.custom_crm_has_key)
-- update orders by order_id:
-- Parse equal arguments once, then join them to their orders.
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
