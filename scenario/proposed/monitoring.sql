-- Alerts of the migration and of the proposed schema. Can be run again: it only reads.
-- Each row that a query returns is one alert, and begins with its name. No row means no alert. Run it on the primary, as
-- the owner of the tables with the role pg_read_all_stats, or as a superuser; else it ends with an error, since figures
-- of other sessions are hidden from other roles:
--   psql -XAtq -v ON_ERROR_STOP=1 -f monitoring.sql                  every minute
--   psql -XAtq -v ON_ERROR_STOP=1 -v daily=on -f monitoring.sql      once a day: it also reads all rows
-- It works in every phase: it skips queries of missing tables. A monitoring system can take the queries one by
-- one. Then `requires` names the table that must exist. runbook.md has a table of all alerts.

select to_regclass('sales.recreations') is not null as has_sales, to_regclass('migration.step') is not null as has_migration
\gset

-- name: figures_are_hidden
-- threshold: 1 privilege
-- interval: minute
-- alert: role … may not see the sessions and replicas of other roles
-- who: database administrator
-- do: `grant pg_read_all_stats to` this role. Without it, waiting_session, long_transaction, replica_is_behind and
--   invalid_index are not to be trusted.
select format(
    'figures_are_hidden: role %s may not see the sessions and replicas of other roles: grant pg_read_all_stats to %I',
    current_user, current_user
  ) as alert
where not pg_has_role('pg_read_all_stats', 'usage');

-- name: waiting_session
-- threshold: 1 second
-- interval: minute
-- alert: … has waited … s for a lock of …
-- who: on-call engineer
-- do: If the holder is the migration, wait: its locks last less than a second. Else ask the team of the named application,
--   or end the holder: `select pg_terminate_backend(…)` with its number.
-- "the migration" is `order-audit migrate`, or a file of it by Sqitch or psql. Of a statement, the alert has only its first word:
-- the rest may be personal data.
with sessions as (
  select 0 as pid, 'a prepared transaction (see pg_prepared_xacts)' as who
  union all
  select a.pid, format(
      'session %s (%s, role %s, %s)', a.pid,
      case
        when a.application_name = 'order-audit migrate' or a.query ~ '^call migration\.' then 'the migration'
        else coalesce('application ' || nullif(a.application_name, ''), 'an application without a name')
      end,
      coalesce(a.usename::text, 'none'), concat_ws(': ', a.state, substring(
        lower(regexp_replace(a.query, '^(\s|--[^\n]*\n|/[*]([^*]|[*][^/])*[*]/)+', '')) from
          '^(select|with|insert|update|delete|merge|copy|lock|truncate|call|do|begin|commit|alter|create|drop|vacuum|analyze|reindex)\y'
      ))
    )
  from pg_catalog.pg_stat_activity as a
)
select format(
    'waiting_session: %s has waited %s s for a lock of %s', w.who,
    extract(epoch from clock_timestamp() - min(l.waitstart))::integer, string_agg(distinct h.who, ', ')
  ) as alert
from pg_catalog.pg_locks as l
join sessions as w on w.pid = l.pid
cross join lateral unnest(pg_blocking_pids(l.pid)) as b (pid)
join sessions as h on h.pid = b.pid
where not l.granted and l.waitstart < clock_timestamp() - interval '1 second'
group by l.pid, w.who;

-- name: long_transaction
-- threshold: 5 minutes
-- interval: minute
-- alert: transaction of session … is … s old
-- who: team of its application
-- do: End it. It delays steps, and VACUUM keeps all rows that die meanwhile. `verify` itself is such a transaction.
select format(
    'long_transaction: transaction of session %s is %s s old (%s)', a.pid,
    extract(epoch from clock_timestamp() - a.xact_start)::integer, a.application_name
  ) as alert
from pg_catalog.pg_stat_activity as a
where a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
  and a.xact_start < clock_timestamp() - interval '5 minutes';

-- name: replica_is_behind
-- threshold: 10 seconds or 1 GB
-- interval: minute
-- alert: replica … is … behind
-- who: database administrator
-- do: The backfill waits on its own (`--max-replica-lag`). Slow it down: `--pause-ms 100`. Else repair the replica.
select format('replica_is_behind: replica %s is %s behind', r.application_name, pg_size_pretty(d.bytes)) as alert
from pg_catalog.pg_stat_replication as r
cross join lateral (
  select pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.replay_lsn, r.flush_lsn, r.sent_lsn)) as bytes
) as d
where r.replay_lag > interval '10 seconds' or d.bytes > 1e9;

-- name: slot_retains_log
-- threshold: 10 GB
-- interval: minute
-- alert: replication slot … retains … of write-ahead log
-- who: database administrator
-- do: Repair or drop its consumer before the disk is full. Stop the backfill meanwhile.
select format(
    'slot_retains_log: replication slot %s retains %s of write-ahead log', s.slot_name,
    pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))
  ) as alert
from pg_catalog.pg_replication_slots as s
where pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) > 10e9;

-- name: dead_rows
-- threshold: 20 % of a table, and 10,000 rows
-- interval: minute
-- alert: table … has … dead rows, … %
-- who: database administrator
-- do: Find the long transaction that holds VACUUM back. Then `vacuum (analyze)` the table.
select format(
    'dead_rows: table %I.%I has %s dead rows, %s %%', t.schemaname, t.relname, t.n_dead_tup,
    100 * t.n_dead_tup / (t.n_live_tup + t.n_dead_tup)
  ) as alert
from pg_catalog.pg_stat_user_tables as t
where t.n_dead_tup > 10000 and t.n_dead_tup > 0.2 * (t.n_live_tup + t.n_dead_tup)
  and (
    t.schemaname in ('sales', 'sales_private', 'sales_old', 'migration')
    or (t.schemaname = 'public' and t.relname in ('customers', 'orders'))
  );

-- name: invalid_index
-- threshold: 1 index
-- interval: minute
-- alert: index … is invalid, and nothing builds it
-- who: on-call engineer
-- do: Before the end of the backfill, `order-audit migrate run` builds it again. Later: `reindex index concurrently`.
select format('invalid_index: index %s is invalid, and nothing builds it', i.indexrelid::regclass) as alert
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where not i.indisvalid
  and (n.nspname in ('sales', 'sales_private', 'sales_old', 'migration')
    or (n.nspname = 'public' and c.relname in ('customers', 'orders')))
  and not exists (select from pg_catalog.pg_stat_progress_create_index as p where p.relid = i.indrelid);

-- name: trigger_is_disabled
-- threshold: 1 trigger
-- interval: minute
-- alert: trigger … on … is disabled
-- who: on-call engineer
-- do: `alter table … enable always trigger …`, then `order-audit migrate verify`. Before the switch: do not switch.
select format('trigger_is_disabled: trigger %I on %s is disabled', t.tgname, t.tgrelid::regclass) as alert
from pg_catalog.pg_trigger as t
join pg_catalog.pg_proc as p on p.oid = t.tgfoid
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where t.tgenabled = 'D' and n.nspname in ('sales', 'sales_private', 'sales_old', 'migration');

-- name: sequence_ends
-- threshold: 80 % of its numbers
-- interval: minute
-- alert: sequence … has given … of … numbers
-- who: team of the orders
-- do: Take the step retire soon: it ends the 32-bit sequences.
select format(
    'sequence_ends: sequence %I.%I has given %s of %s numbers', s.schemaname, s.sequencename, s.last_value, s.max_value
  ) as alert
from pg_catalog.pg_sequences as s
where s.last_value > 0.8 * s.max_value and (
  s.schemaname in ('sales', 'sales_private', 'migration')
  or (s.schemaname = 'public' and s.sequencename in ('customers_customer_id_seq', 'orders_order_id_seq'))
);

\if :has_sales
-- name: sequence_is_behind
-- requires: sales.recreations
-- threshold: 1 number
-- interval: minute
-- alert: sequence … gives … next, and … has numbers up to …
-- who: team of the orders
-- do: `select setval('SEQUENCE', (select max(COLUMN) from TABLE))`, with the names of the alert, before an insert fails on
--   the key. Then correct the application that chooses numbers itself.
select format(
    'sequence_is_behind: sequence %s gives %s next, and %s.%I has numbers up to %s', p.sequence, p.next_number, p.tab, p.col,
    p.greatest_number
  ) as alert
from sales.sequence_positions() as p
join pg_catalog.pg_sequence as s on s.seqrelid = p.sequence
where p.next_number <= p.greatest_number and s.seqincrement > 0;

-- name: secrets_are_readable
-- requires: sales_private.secrets
-- threshold: 1 role
-- interval: minute
-- alert: role … may read secrets: …
-- who: security
-- do: Revoke the privilege. Applications that deliver are members of `sales_delivery`. Rotate the secrets if the role has
--   read them.
select distinct format(
    'secrets_are_readable: role %s may read secrets: %s',
    case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end, c.oid::regclass
  ) as alert
from pg_catalog.pg_class as c
left join pg_catalog.pg_attribute as t on t.attrelid = c.oid and t.attname in ('secret', 'args_text')
cross join lateral aclexplode(array_cat(c.relacl, t.attacl)) as a
where c.oid in (to_regclass('sales_private.secrets'), to_regclass('sales_old.delivery_texts'))
  and a.privilege_type = 'SELECT' and a.grantee <> c.relowner
  -- while old applications have originals, an audit compares them with the secrets
  and pg_get_userbyid(a.grantee) <> 'sales_auditor'
  and not (pg_get_userbyid(a.grantee) = 'sales_delivery' and c.oid = to_regclass('sales_private.secrets'));

-- name: job_is_late
-- requires: sales.recreations
-- threshold: 3 hours after midnight in New York
-- interval: minute
-- alert: orders overdue on business day …: …
-- who: team of the orders
-- do: `call sales.recreate_due()`. It recreates each order once, even beside another run.
select format('job_is_late: orders overdue on business day %s: %s', sales.business_day(now()), count(*)) as alert
from sales.orders_overdue as o
-- during the migration, job_is_late_after_switch counts. Else the old job recreates where its tables are left
where to_regclass('migration.step') is null
  and not exists (select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind <> 'v')
  and sales.business_day(now() - interval '3 hours') = sales.business_day(now())
having count(*) > 0;
\endif

\if :has_migration
-- name: job_is_late_after_switch
-- requires: migration.step
-- threshold: 3 hours after midnight in New York
-- interval: minute
-- alert: orders overdue on business day …: …
-- who: team of the orders
-- do: As for job_is_late. It begins on the business day after the switch: on the day itself, the old job may have recreated
--   orders before the copy, which leaves no record.
select format('job_is_late_after_switch: orders overdue on business day %s: %s', sales.business_day(now()), count(*)) as alert
from sales.orders_overdue as o
-- no row, and so no alert, before the switch: then the old job recreates
join migration.step as s on s.name = 'switch' and sales.business_day(s.done_at) < sales.business_day(now())
where sales.business_day(now() - interval '3 hours') = sales.business_day(now())
having count(*) > 0;

-- name: row_is_pending
-- requires: migration.pending
-- threshold: 1 row, twice in a row
-- interval: minute
-- alert: row … of … waits for the other side
-- who: on-call engineer
-- do: The next write to the row copies it. Before the switch, `order-audit migrate run` copies it, too.
select format('row_is_pending: row %s of %s waits for the other side', p.id, p.tab) as alert
from migration.pending as p
-- the last pass of the backfill copies earlier ones
join migration.step as s on s.name = 'backfill';

-- name: quarantine_grows
-- requires: migration.quarantined_order
-- threshold: 1 row in 1 hour
-- interval: minute
-- alert: row … of … is in quarantine: …
-- who: team of the application that wrote it
-- do: `order-audit migrate status` has its reasons and fixes. Correct the application that writes such rows.
select format('quarantine_grows: row %s of %s is in quarantine: %s', q.id, q.tab, array_to_string(q.reasons, ', ')) as alert
from (
  select 'customers' as tab, c.customer_id as id, c.reasons, c.since from migration.quarantined_customer as c
  union all
  select 'orders', o.order_id, o.reasons, o.since from migration.quarantined_order as o
) as q
join migration.step as s on s.name = 'backfill' and s.done_at < q.since
where q.since > now() - interval '1 hour';

-- name: column_is_new
-- requires: migration.new_columns
-- threshold: 1 column
-- interval: minute
-- alert: column … of the old table … is new or changed
-- who: team that changed it
-- do: Carry it (`order-audit migrate run --carry TABLE.COLUMN`), or drop it. It prevents the switch.
select format('column_is_new: column %s (%s) of the old table %s is new or changed', c.name, c.type, c.tab) as alert
from migration.new_columns as c;
\endif

\if :{?daily}
\if :has_migration
-- name: sides_differ
-- requires: migration.step
-- threshold: 1 row
-- interval: day
-- alert: … from … to … differ between both sides
-- who: on-call engineer
-- do: `order-audit migrate verify` lists the rows. Before the switch: do not switch. After it: back out.
select format('sides_differ: %s from %s to %s differ between both sides', w.tab, r.first_id, r.last_id) as alert
from (values ('customers'), ('orders')) as w (tab)
cross join lateral migration.differing_ranges(w.tab, 10000) as r
where exists (select from migration.step as s where s.name = 'backfill');

-- name: new_side_contradicts_itself
-- requires: migration.step
-- threshold: 1 row
-- interval: day
-- alert: new side: … …: …
-- who: on-call engineer
-- do: As for sides_differ.
select format('new_side_contradicts_itself: new side: %s %s: %s', d.tab, d.id, d.difference) as alert
from migration.differing_inside as d;
\endif

\if :has_sales
-- name: secret_is_in_clear
-- requires: sales.deliveries
-- threshold: 1 delivery
-- interval: day
-- alert: delivery … has a secret in its arguments
-- who: security
-- do: Restore the trigger receive_args and the constraint deliveries_args_hold_no_secret. Rotate the secret.
select format('secret_is_in_clear: delivery %s has a secret in its arguments', d.delivery_id) as alert
from sales.deliveries as d
where sales.holds_secret(d.args);
\endif
\endif

-- the alerts above are those of the figures that this role may see
do $$
begin
  if not pg_has_role('pg_read_all_stats', 'usage') then
    raise insufficient_privilege using
      message = format('role %s may not see the sessions and replicas of other roles: the alerts are incomplete', current_user),
      hint = format('grant pg_read_all_stats to %I', current_user);
  end if;
end
$$;
