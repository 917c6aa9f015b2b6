-- A part of expand.sql, which runs it once.
-- Functions that constraints and triggers use, and who may correct records.

-- Return whether a text is not blank: it has a character other than white space.
create function sales.is_not_blank(words text) returns boolean
language sql immutable parallel safe strict
return btrim(words, E' \t\n\r\f\x0b') <> '';
comment on function sales.is_not_blank(text) is 'Whether a text is more than white space.';

-- Return whether a text is an address that browsers accept in an e-mail field (HTML Living Standard), with a dot in its
-- domain. A separate test limits each part of the domain to 63 characters, only for long domains: counting in one
-- expression takes seven times as long. Not strict: PostgreSQL could then not inline the function.
create function sales.is_email(address text) returns boolean
language sql immutable parallel safe
return address ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~\x60-]+'
    '@[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
  and (length(address) < 66 or substring(address from '@.*$') !~ '[a-zA-Z0-9-]{64}');
comment on function sales.is_email(text) is 'Whether a text is a valid e-mail address with a dot in its domain.';

create function sales.is_secret_name(name text) returns boolean
language sql immutable parallel safe strict
return name ~* 'api[-_]?key|secret|token|passw(?:or)?d|pwd|credential|private[-_]?key|authorization';
comment on function sales.is_secret_name(text) is 'Whether the value of a key with this name is secret.';

create function sales.is_secret_reference(value text) returns boolean
language sql immutable parallel safe strict
return value ~ '^secret-ref:[A-Za-z0-9_./-]+$';
comment on function sales.is_secret_reference(text) is 'Whether a text is a reference to a secret.';

-- Return whether JSON has a text under a secret name, at any depth, that is not a reference. A fixed search_path avoids
-- a new plan for each caller with another one.
create function sales.finds_secret(args jsonb) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  member record;
begin
  if jsonb_typeof(args) = 'object' then
    for member in select m.key, m.value from jsonb_each(args) as m loop
      if jsonb_typeof(member.value) = 'string' then
        if sales.is_secret_name(member.key) and member.value #>> '{}' <> ''
          and not sales.is_secret_reference(member.value #>> '{}') then
          return true;
        end if;
      elsif sales.finds_secret(member.value) then
        return true;
      end if;
    end loop;
  elsif jsonb_typeof(args) = 'array' then
    for member in select e.value from jsonb_array_elements(args) as e loop
      if sales.finds_secret(member.value) then
        return true;
      end if;
    end loop;
  end if;
  return false;
end
$$;
comment on function sales.finds_secret(jsonb) is 'Whether arguments contain a secret, at any depth.';
-- Most arguments have no such name, or only references, and need no traversal. Not inlined, because a constraint's
-- expression is parsed for each statement.
create function sales.holds_secret(args jsonb) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return sales.is_secret_name(args::text)
    and sales.is_secret_name(regexp_replace(args::text, '"[^"]*": "secret-ref:[A-Za-z0-9_./-]+"', '', 'g'))
    and sales.finds_secret(args);
end
$$;
comment on function sales.holds_secret(jsonb) is 'Whether arguments contain a secret, at any depth.';

-- The time zone of the business is stated here, once. A recreation stores its day, so that another zone, put here by
-- `create or replace`, applies to later recreations only; recreations_day becomes NOT VALID then, as in design.md. A day
-- begins at 00:00 in the zone and may have 23 or 25 hours.
create function sales.business_day(moment timestamptz) returns date
language sql immutable parallel safe strict
return (moment at time zone 'America/New_York')::date;
comment on function sales.business_day(timestamptz) is
  'The business day of a time, from midnight to midnight in New York.';

-- Only functions of the owner correct records that are otherwise only inserted, with this setting. Another role may
-- change the setting, but does not own the table. In PL/pgSQL, which keeps its plan: a function in SQL that is not
-- inlined is parsed and planned again in each transaction.
create function sales.may_correct(records regclass) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(current_setting('sales.correcting', true), '') = 'on'
    and pg_has_role((select c.relowner from pg_class as c where c.oid = records), 'USAGE');
end
$$;
comment on function sales.may_correct(regclass) is 'Whether a function of the owner corrects records now.';

create function sales.touch() returns trigger
language plpgsql
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function sales.touch() is 'Records the time of a change.';
