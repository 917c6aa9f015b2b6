-- A part of expand.sql, synchronise.sql and switch.sql. Can be run again, in a transaction.
-- What must hold of the old tables before the first step, and again before the triggers and the switch: the tables can
-- have changed meanwhile. Each refusal is one line.

-- defaults of the database or the role that would change what this file and its caller mean
set local standard_conforming_strings = on;
set local quote_all_identifiers = off;

do $$
declare
  found text;
  generated text;
  the_tables oid[] := array(
    select coalesce(to_regclass('migration.' || t.tab), to_regclass('public.' || t.tab))
    from (values ('customers'), ('orders')) as t (tab)
  );
begin
  select string_agg(c.relname, ', ' order by c.relname) into found
  from pg_catalog.pg_class as c
  where c.oid = any(the_tables) and (
    c.relkind <> 'r' or c.relpersistence <> 'p'
    or exists (select from pg_catalog.pg_inherits as i where c.oid in (i.inhrelid, i.inhparent))
  );
  if found is not null then
    raise exception 'the migration needs plain tables: % is something else, or unlogged, or inherits, or has children', found;
  end if;

  with wanted (tab, name, type) as (
    values
      ('customers', 'customer_id', 'integer'), ('customers', 'customer_name', 'text'),
      ('customers', 'customer_email', 'text'), ('customers', 'customer_contact_name', 'character varying(100)'),
      ('customers', 'customer_phone', 'character varying(20)'), ('customers', 'address', 'text'),
      ('customers', 'address_state', 'text'), ('customers', 'customer_balance', 'double precision'),
      ('orders', 'order_id', 'integer'), ('orders', 'order_ref', 'integer'), ('orders', 'customer_id', 'integer'),
      ('orders', 'order_schedule', 'bit(336)'), ('orders', 'delivery_script_name', 'text'),
      ('orders', 'delivery_script_args', 'json'), ('orders', 'order_amount', 'integer'),
      ('orders', 'order_status', 'text')
  ), present as (
    select c.relname as tab, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attgenerated
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.oid = any(the_tables)
  )
  select string_agg(format('%s.%s %s', w.tab, w.name, w.type), ', ') filter (where p.type is distinct from w.type),
    string_agg(format('%s.%s', w.tab, w.name), ', ') filter (where p.attgenerated <> '')
  into found, generated
  from wanted as w
  left join present as p on p.tab = w.tab and p.name = w.name;
  if found is not null then
    raise exception 'the migration is for the scenario''s tables: this database lacks the columns %', found;
  elsif generated is not null then
    raise exception 'writes to the new tables cannot be copied to a generated column: %', generated;
  end if;

  select string_agg(k.tab || '.' || k.id, ', ') into found
  from (values ('customers', 'customer_id'), ('orders', 'order_id')) as k (tab, id)
  where not exists (
    select from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = any(the_tables) and i.indisprimary and i.indnkeyatts = 1 and c.relname = k.tab and a.attname = k.id
  );
  if found is not null then
    raise exception 'the rows of a table without a primary key cannot be identified: make % one', found;
  end if;

  -- Both sides take their numbers from it until retire; the sequence of an identity goes with its table in contract.
  select string_agg(k.tab || '.' || k.id, ', ') into found
  from (values ('customers', 'customer_id'), ('orders', 'order_id')) as k (tab, id)
  join pg_catalog.pg_attribute as a on a.attrelid = to_regclass('public.' || k.tab) and a.attname = k.id
  where a.attrelid = any(the_tables)
    and (a.attidentity <> '' or pg_get_serial_sequence('public.' || k.tab, k.id) is null);
  if found is not null then
    raise exception 'both sides take numbers from a sequence that belongs to the key, as serial makes one: not so %', found
      using hint = 'alter sequence NAME owned by TABLE.COLUMN; of an identity: alter table TABLE alter COLUMN drop identity,'
        ' and a sequence as its default';
  end if;

  select string_agg(c.relname, ', ' order by c.relname) into found
  from pg_catalog.pg_class as c
  where c.oid = any(the_tables) and c.relrowsecurity;
  if found is not null then
    raise exception '% has row-level security, which its view would bypass: decide first which role may see which rows', found;
  end if;

  if exists (
    select from pg_catalog.pg_class as c where c.oid = any(the_tables) and not pg_has_role(c.relowner, 'usage')
  ) then
    raise exception 'role % does not own the tables: run as their owner', current_user;
  end if;
  if not has_database_privilege(current_database(), 'create') then
    raise exception 'role % may not create schemas here: grant it create on the database', current_user;
  end if;
  -- the switch and its revert move views and tables
  if not has_schema_privilege('public', 'create') then
    raise exception 'role % may not create objects in the schema public: grant it create on the schema', current_user;
  end if;
  -- functions set these parameters: which side a copy comes from, and that a change of records is a correction
  select string_agg(p.name, ', ' order by p.name) into found
  from (values ('migration.direction'), ('sales.correcting')) as p (name)
  where not has_parameter_privilege(p.name, 'set');
  if found is not null then
    raise exception '%', format(
      'role %1$I may not create functions that set %2$s: a superuser has to run: grant set on parameter %2$s to %1$I',
      current_user, found
    );
  end if;
end
$$;

\ir dependents.sql

do $$
declare
  found text;
begin
  select string_agg(format('%s %s: %s', d.kind, d.name, d.stops), '; ' order by d.kind, d.name, d.tab) into found
  from jsonb_to_recordset(current_setting('migration.dependents')::jsonb)
    as d (kind text, name text, tab text, stops text)
  where d.stops is not null;
  if found is not null then
    raise exception 'the old tables have dependents that the migration would break: %', found;
  end if;
end
$$;
