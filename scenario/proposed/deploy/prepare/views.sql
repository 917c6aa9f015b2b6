-- A part of prepare.sql, which runs it once.
-- The old tables as views of the new ones, for old applications after the switch, and before it if they like. Each view
-- reads one table, and single values of others by subqueries, so that SELECT ... FOR UPDATE locks the row and reads its
-- current values.

create view sales_old.customers as
  select r.customer_id::integer as customer_id,
    case when r.tableoid = 'sales.customers'::regclass then r.name
      else (select q.old_name from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end as customer_name,
    case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select k.email from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '')
      else (select q.old_email from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end as customer_email,
    (case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select k.name from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '')
      else (select q.old_contact_name from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end)::varchar(100) as customer_contact_name,
    (case when r.tableoid = 'sales.customers'::regclass
      then (select k.phone from sales.contacts as k where k.customer_id = r.customer_id and k.is_main)
      else (select q.old_phone from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end)::varchar(20) as customer_phone,
    case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select a.street from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '')
      else (select q.old_address from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end as address,
    case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select a.state_code from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '')
      else (select q.old_state from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end as address_state,
    case when r.tableoid = 'sales.customers'::regclass then r.balance::text::float8
      else (select q.old_balance from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end as customer_balance
  from migration.customer_row as r;
comment on view sales_old.customers is 'Customers in the format of old applications.';

-- Columns in conditions of applications are one column for rows of both kinds, so that an index can be used.
create view sales_old.orders as
  select r.order_id::integer as order_id,
    r.first_ancestor_id::integer as order_ref,
    r.customer_id::integer as customer_id,
    (case when r.tableoid = 'sales.orders'::regclass
      then coalesce(
        (select b.bits from sales_old.schedule_bits as b where b.schedule_id = r.schedule_id)::bit(336),
        repeat('0', 336)::bit(336)
      )
      else (select q.old_schedule from migration.quarantined_order as q where q.order_id = r.order_id)
    end)::bit(336) as order_schedule,
    case when r.tableoid = 'sales.orders'::regclass
      then (select d.script_name from sales.deliveries as d where d.delivery_id = r.delivery_id)
      else (select q.old_script_name from migration.quarantined_order as q where q.order_id = r.order_id)
    end as delivery_script_name,
    case when r.tableoid = 'sales.orders'::regclass
      then case
        when r.delivery_id is null then (select 'null'::json from sales_old.null_args as n where n.order_id = r.order_id)
        else (select t.args_text from sales_old.delivery_texts as t where t.delivery_id = r.delivery_id)::json
      end
      else (select q.old_script_args from migration.quarantined_order as q where q.order_id = r.order_id)
    end as delivery_script_args,
    r.amount::integer as order_amount,
    r.order_status
  from migration.order_row as r;
comment on view sales_old.orders is 'Orders in the format of old applications.';

-- Give a table or view the privileges of another one, for what both support: TRUNCATE and MAINTAIN stay as they are. So
-- a privilege that is granted or revoked while the views have the names is not lost by a rollback.
create function migration.copy_privileges(source regclass, target regclass) returns void
language plpgsql
as $$
declare
  part record;
begin
  for part in
    with granted as (
      select c.oid, g.columns, a.privilege_type as privilege, a.is_grantable,
        case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee
      from pg_catalog.pg_class as c
      cross join lateral (
        select '' as columns, c.relacl as acl
        union all
        select format('(%I)', t.attname), t.attacl
        from pg_catalog.pg_attribute as t
        where t.attrelid = c.oid and t.attnum > 0 and t.attacl is not null
      ) as g
      cross join lateral aclexplode(g.acl) as a
      where c.oid in (source, target) and a.grantee <> c.relowner and a.grantor = c.relowner
        and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRIGGER')
    ), wanted as (
      select g.columns, g.privilege, g.is_grantable, g.grantee from granted as g where g.oid = source
    ), present as (
      select g.columns, g.privilege, g.is_grantable, g.grantee from granted as g where g.oid = target
    )
    (select p.*, true as is_revoked from present as p except select w.*, true from wanted as w)
    union all
    (select w.*, false from wanted as w except select p.*, false from present as p)
    order by is_revoked desc
  loop
    if part.is_revoked then
      execute format('revoke %s %s on %s from %s cascade', part.privilege, part.columns, target, part.grantee);
    else
      execute format(
        'grant %s %s on %s to %s%s', part.privilege, part.columns, target, part.grantee,
        case when part.is_grantable then ' with grant option' else '' end
      );
    end if;
  end loop;
end
$$;

-- A view needs its own defaults.
do $$
declare
  part record;
begin
  for part in
    select c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid) as words
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attrdef as d on d.adrelid = c.oid
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = d.adnum
    join pg_catalog.pg_attribute as v on v.attrelid = to_regclass('sales_old.' || c.relname) and v.attname = a.attname
    where c.oid in ('public.customers'::regclass, 'public.orders'::regclass) and a.attgenerated = ''
  loop
    execute format('alter view sales_old.%I alter column %I set default %s', part.relname, part.attname, part.words);
  end loop;
end
$$;
