-- Revert sales_retire:retire from pg. Always stops with one line, because nothing can be reverted.
-- The views for old applications are gone, and the new tables may have values that they could not show.
do $$
begin
  raise exception 'the views for old applications are gone: restore them from a backup';
end
$$;
