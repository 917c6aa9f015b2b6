-- A part of expand.sql, which runs it once.
-- Records that are only inserted.

create function sales.insert_only() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if sales.may_correct(tg_relid) then
    return case tg_op when 'DELETE' then old else new end;
  end if;
  raise restrict_violation using
    message = format('rows of %s cannot be changed or deleted', tg_relid::regclass),
    hint = case tg_table_name
      when 'ledger_entries' then 'correct an entry by another one:'
        ' insert into sales.ledger_entries (customer_id, amount, reason) values (...)'
      when 'order_status_changes' then 'the database adds a row when orders.order_status changes'
      else 'sales.recreate adds a row'
    end;
end
$$;
comment on function sales.insert_only() is 'Rejects changes of records that are only inserted.';
create function sales.written_by_database() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if sales.may_correct(tg_relid) then
    return new;
  end if;
  raise restrict_violation using
    message = format('rows of %s are written by the database', tg_relid::regclass),
    hint = 'it adds a row when orders.order_status changes';
end
$$;
comment on function sales.written_by_database() is 'Rejects a history that an application writes itself.';
create trigger written_by_database before insert on sales.order_status_changes
  for each row execute function sales.written_by_database();
alter table sales.order_status_changes enable always trigger written_by_database;
do $$
declare
  tab text;
begin
  foreach tab in array array['ledger_entries', 'recreations', 'order_status_changes'] loop
    execute format(
      'create trigger insert_only before update or delete on sales.%I'
        ' for each row execute function sales.insert_only()', tab
    );
    execute format(
      'create trigger insert_only_all before truncate on sales.%I'
        ' for each statement execute function sales.insert_only()', tab
    );
    execute format('alter table sales.%I enable always trigger insert_only', tab);
    execute format('alter table sales.%I enable always trigger insert_only_all', tab);
  end loop;
end
$$;
