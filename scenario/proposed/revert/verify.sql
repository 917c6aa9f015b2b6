-- Revert sales:verify from pg. Can be run again.
begin;
do $$
begin
  if to_regclass('migration.step') is null then
    return;
  elsif exists (select from migration.step as s where s.name = 'switch') then
    raise exception 'a later step is done: revert switch first';
  end if;
  delete from migration.step as s where s.name = 'verify';
end
$$;
commit;
