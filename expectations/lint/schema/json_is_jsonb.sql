-- title: Column type json instead of jsonb
-- severity: warning
-- key: object
-- why: A json column is parsed at every read, has no equality operator and no GIN index, and accepts repeated keys.
--   It keeps the original text, as a log of messages needs it.
select c.object,
  case when k.is_raw then 'info' else 'warning' end as severity,
  format('column %s has type json, which is parsed at every read; jsonb is not', c.object) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  case
    when k.is_raw then format('is the text of %s needed as it came, with its spaces and repeated keys? If not, use jsonb', c.object)
    else k.conversion
  end as suggestion,
  case when k.is_raw then 'redesign' else 'rewrite' end as remedy,
  case
    when not k.is_raw then jsonb_build_array(jsonb_build_object(
      'where', array['rows that cannot be converted', 'rows with repeated keys'], 'remedy', 'redesign',
      'comment', 'some rows cannot be converted, or lose a value: correct them first',
      'suggestion', k.conversion
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    'rows that cannot be converted',
    case
      when v.has_tests then format('count(*) filter (where not pg_input_is_valid(t.%s::text, ''jsonb''))', c.quoted)
      -- as the judgement of the suggested statement counts them, so that this is counted once
      else format(
$$count(*) filter (where (
-- include: not_jsonb
))$$,
        't.' || c.quoted
      )
    end,
    'rows with repeated keys', format(
      -- keys beside an escape that is no character cannot be read
$$count(*) filter (where case
  when %2$s
    and (
      strpos(t.%1$s::text, '\u') = 0
      or replace(t.%1$s::text, '\\', chr(1))
        !~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    )
    and json_typeof(t.%1$s) = 'object'
  then (select count(*) <> count(distinct k.key) from json_object_keys(t.%1$s) as k (key))
end)$$,
      c.quoted,
      -- Counting the keys of an object takes long. From PostgreSQL 16 on, few objects need it; before, those with two
      -- colons and a comma, as an object with two keys has.
      case
        when v.has_tests then format('t.%s::json is not json object with unique keys', c.quoted)
        else format('t.%s::text like ''%%:%%,%%:%%''', c.quoted)
      end
    )
  )
  || case when s.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from table_column as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
cross join (select current_setting('server_version_num')::int >= 160000 as has_tests) as v
cross join lateral (
  select r.is_log or c.words && array[
      'payload', 'raw', 'body', 'request', 'response', 'original', 'webhook', 'message', 'signed', 'signature'
    ] as is_raw,
    format(
      'alter table %s alter column %s type jsonb%s', r.quoted, c.quoted,
      case when not c.is_generated then format(' using %s::jsonb', c.quoted) else '' end
    ) as conversion
) as k
where c.type = 'json'::regtype
  and not c.is_inherited
order by c.object
