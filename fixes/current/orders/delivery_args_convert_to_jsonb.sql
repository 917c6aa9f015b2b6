-- assumes: the lost characters are not in the data.
-- leave: the column cannot be converted to jsonb, and queries that read such a value can fail. Numbers beyond numeric
--   need a decision: the data does not say which number was meant.

-- given quoted: the arguments without escapes that jsonb rejects, and with each number beyond numeric as a string
-- Escaped backslashes are first replaced by U+0001, which JSON text cannot contain. Surrogates come before \u0000: two
-- halves that become adjacent when it is removed are not a pair.
select r.order_id, r.delivery_script_args, (
    select string_agg(
      -- a string, or what stands between two strings: numbers, and the text before each
      case when p.piece like '"%' then p.piece else q.piece end, '' order by p.place
    )
    from order_audit.pieces(r.delivery_script_args) as p
    cross join lateral (
      select string_agg(
          m.part[1] || case
            when d.digits <> '' and length(d.digits) - d.decimals + d.exponent > 131072
              or d.decimals - d.exponent > 16383
              or d.exponent > 1073741822
            then '"' || m.part[2] || '"'
            else coalesce(m.part[2], '')
          end, '' order by m.place
        ) as piece
      from regexp_matches(
        p.piece, '([^-0-9]*)(-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?)0*([0-9]*))?)?', 'g'
      ) with ordinality as m (part, place)
      cross join lateral (
        select ltrim(m.part[3] || coalesce(m.part[4], ''), '0') as digits,
          length(coalesce(m.part[4], '')) as decimals,
          (coalesce(m.part[5], '') || coalesce(nullif(left(m.part[6], 11), ''), '0'))::bigint as exponent
      ) as d
    ) as q
  ) as numbers_as_text
from (
  select v.order_id,
    replace(
      replace(
        regexp_replace(
          replace(v.delivery_script_args::text, '\\', chr(1)),
          '\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}',
          case when current_setting('server_encoding') = 'UTF8' then '\\ufffd' else '?' end, 'g'
        ), '\u0000', ''
      ), chr(1), '\\'
    ) as delivery_script_args
  from violation as v
) as r;

-- automatic: \u0000 is removed, and an unpaired surrogate becomes U+FFFD, or ? in databases other than UTF-8. The
--   rest of the text does not change. Rows with a number beyond numeric are not changed
-- update orders by order_id:
select q.order_id, q.delivery_script_args
from quoted as q
where q.numbers_as_text = q.delivery_script_args;

-- option numbers_as_text: in rows with a number beyond numeric, each such number becomes a string with the same digits,
--   and escapes are repaired as above. The script must read a string
-- update orders by order_id:
select q.order_id, q.numbers_as_text as delivery_script_args
from quoted as q
where q.numbers_as_text <> q.delivery_script_args;
