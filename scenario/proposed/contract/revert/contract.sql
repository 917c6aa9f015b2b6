-- Revert sales_contract:contract from pg. Always stops with one line, because nothing can be reverted.
-- The old tables are gone. Their content is in the views of the same names; a backup has the tables.
do $$
begin
  raise exception 'the old tables are gone: restore them from a backup';
end
$$;
