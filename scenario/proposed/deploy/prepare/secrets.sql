-- A part of prepare.sql, which runs it once.
-- Secrets that old applications no longer read, and the privileges of the roles on the objects above.

do $$
begin
  perform sales_private.grant_roles();
end
$$;
