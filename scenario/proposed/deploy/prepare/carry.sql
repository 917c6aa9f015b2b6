-- A part of prepare.sql, which runs it once.
-- Columns that are added to the old tables during the migration. Statements name columns that only the server knows, so
-- they are texts.

create table sales_old.carried (
  tab text not null,
  name text not null,
  place integer generated always as identity,
  created_at timestamptz not null default now(),
  updated_at timestamptz,
  primary key (tab, name)
);
comment on table sales_old.carried is 'Carried columns: added to the old tables during the migration.';
comment on column sales_old.carried.tab is 'The table: customers or orders.';
comment on column sales_old.carried.name is 'The column.';
comment on column sales_old.carried.place is 'Order of their addition.';
comment on column sales_old.carried.created_at is 'Time of creation.';
comment on column sales_old.carried.updated_at is 'Time of the last change; null if never changed.';
create trigger touch before update on sales_old.carried for each row execute function sales.touch();

-- Return the key column of a table.
create function sales_old.key_column(of_tab text) returns text
language sql immutable
return case of_tab when 'customers' then 'customer_id' when 'orders' then 'order_id' end;
comment on function sales_old.key_column(text) is 'The key column of customers or orders.';

-- Write the changed values of such columns to a row of another table; unchanged columns are not written. Rows are texts
-- of the row type of their table or view.
create function sales_old.write_carried(whose regclass, target regclass, the_tab text, the_id bigint, was text, wanted text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes text;
begin
  select string_agg(
    format('%1$I = case when w.%1$I::text is distinct from b.%1$I::text then w.%1$I else t.%1$I end', c.name), ', '
  ) into changes
  from sales_old.carried as c where c.tab = the_tab;
  if changes is not null and was is distinct from wanted then
    execute format(
      'update %s as t set %s from (select ($1::%s).*) as b, (select ($2::%3$s).*) as w where t.%I = $3',
      target, changes, whose, sales_old.key_column(the_tab)
    ) using was, wanted, the_id;
  end if;
end
$$;
comment on function sales_old.write_carried(regclass, regclass, text, bigint, text, text) is
  'Writes changed values of carried columns.';

-- Copy their values from the old table to the new one.
create function migration.copy_carried_values(the_tab text, ids bigint[]) returns void
language plpgsql
as $$
declare
  found_columns text[] := array(select format('%I', c.name) from sales_old.carried as c where c.tab = the_tab order by c.place);
begin
  if found_columns <> '{}' then
    execute format(
      'update sales.%1$I as n set %2$s from migration.old_%1$s as o where n.%3$I = any($1) and o.%3$I = n.%3$I and (%4$s)',
      the_tab,
      (select string_agg(format('%1$s = o.%1$s', c), ', ') from unnest(found_columns) as c),
      sales_old.key_column(the_tab),
      (select string_agg(format('n.%1$s::text is distinct from o.%1$s::text', c), ' or ') from unnest(found_columns) as c)
    ) using ids;
  end if;
end
$$;

-- Carry an added column of an old table, before the switch: add it to the new table and to the view of old
-- applications, and keep both sides equal in it. migration.copy_next_carried_values copies the values afterwards. Its default is
-- copied. Constraints on it apply as long as the old table exists.
create function migration.carry_column(the_tab text, the_name text) returns void
language plpgsql
as $$
declare
  col record;
  known_columns text;
begin
  if exists (select from sales_old.carried as c where c.tab = the_tab and c.name = the_name) then
    return;
  end if;
  select n.type, n.type_before, a.attgenerated <> '' as computed, a.attidentity <> '' as counted,
    pg_get_expr(d.adbin, d.adrelid) as given
  into col
  from migration.new_columns as n
  join pg_catalog.pg_attribute as a on a.attrelid = to_regclass('public.' || quote_ident(n.tab)) and a.attname = n.name
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where n.tab = the_tab and n.name = the_name;
  if not found then
    raise undefined_column using message = format('no column %s was added to %s', the_name, the_tab);
  elsif exists (select from migration.step as s where s.name = 'switch') then
    raise object_not_in_prerequisite_state using message = 'old applications already use views: roll back to verify first';
  elsif col.type_before is not null then
    raise feature_not_supported using
      message = format('%s.%s is a column of this migration, and has another type now', the_tab, the_name),
      hint = 'change it back, or roll back';
  elsif col.computed or col.counted then
    raise feature_not_supported using
      message = format('%s.%s is given by the database, which cannot be taken along', the_tab, the_name),
      hint = 'drop it, or roll back and add it to the project';
  elsif exists (
    select from pg_catalog.pg_attribute as a
    where a.attrelid = to_regclass('sales.' || quote_ident(the_tab)) and a.attname = the_name and not a.attisdropped
      and not (
        -- left by an earlier attempt
        format_type(a.atttypid, a.atttypmod) = col.type
        and col_description(a.attrelid, a.attnum) = 'Carried from the old table.'
      )
  ) then
    raise duplicate_column using
      message = format('sales.%s already has a column %s', the_tab, the_name), hint = 'rename the added column';
  end if;
  execute format('alter table sales.%I add column if not exists %I %s', the_tab, the_name, col.type);
  execute format('comment on column sales.%I.%I is %L', the_tab, the_name, 'Carried from the old table.');
  insert into sales_old.carried (tab, name) values (the_tab, the_name);
  insert into migration.known_column (tab, name, type) values (the_tab, the_name, col.type);
  select string_agg(format('t.%I', a.attname), ', ' order by a.attnum) into known_columns
  from pg_catalog.pg_attribute as a
  where a.attrelid = to_regclass('migration.old_' || the_tab) and a.attnum > 0;
  execute format(
    'create or replace view migration.old_%s as select %s, t.%I from public.%I as t',
    the_tab, known_columns, the_name, the_tab
  );
  -- The former view as a subquery, which the server flattens: FOR UPDATE still locks the row. The column's value is that of
  -- the old table, which has rows of both kinds.
  execute format(
    'create or replace view sales_old.%1$I as select v.*, (select o.%2$I from migration.old_%1$s as o where o.%3$I = v.%3$I)'
      ' as %2$I from (%4$s) as v',
    the_tab, the_name, sales_old.key_column(the_tab), rtrim(pg_get_viewdef(to_regclass('sales_old.' || the_tab)), ';')
  );
  if col.given is not null then
    execute format('alter table sales.%I alter column %I set default %s', the_tab, the_name, col.given);
    execute format('alter view sales_old.%I alter column %I set default %s', the_tab, the_name, col.given);
  end if;
  -- an earlier verification did not include it
  delete from migration.step as s where s.name = 'verify';
end
$$;

-- Rows of a table, in order, that are on both sides with different values of a carried column.
create function migration.differing_carried(the_tab text, after_id bigint, at_most integer)
returns table (id bigint, columns text)
language plpgsql stable
as $$
declare
  found_columns text[] := array(select c.name from sales_old.carried as c where c.tab = the_tab order by c.place);
begin
  if found_columns <> '{}' then
    return query execute format(
      'select o.%1$I::bigint, concat_ws('', '', %2$s) from migration.old_%3$s as o join sales.%3$I as n on n.%1$I = o.%1$I'
        ' where o.%1$I > $1 and (%4$s) order by o.%1$I limit $2',
      sales_old.key_column(the_tab),
      (select string_agg(format('case when n.%1$I::text is distinct from o.%1$I::text then %1$L end', c), ', ')
        from unnest(found_columns) as c),
      the_tab,
      (select string_agg(format('n.%1$I::text is distinct from o.%1$I::text', c), ' or ') from unnest(found_columns) as c)
    ) using after_id, at_most;
  end if;
end
$$;

-- Copy the next rows with different values after a number; returns the last of them, null at the end.
create function migration.copy_next_carried_values(the_tab text, after_id bigint, at_most integer) returns bigint
language plpgsql
as $$
declare
  ids bigint[] := array(select d.id from migration.differing_carried(the_tab, after_id, at_most) as d);
begin
  perform migration.copy_to_new(the_tab, ids) where ids <> '{}';
  return ids[cardinality(ids)];
end
$$;
