-- assumes: the characters that were lost are not in the data.
-- leave: the column cannot be converted to jsonb, and a query that looks into such a row fails.

-- automatic: \u0000 is removed, and half a surrogate pair becomes U+FFFD, the sign for a character that was lost (?
--   where the database is not UTF-8 and has no such sign); nothing else of the text changes
-- update orders by order_id:
-- An escaped backslash is no escape: such pairs are put out of the way, under U+0001, which cannot stand in JSON text.
-- Halves first: two that only meet once \u0000 is gone were never a pair.
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
from violation as v;
