-- assumes: the lost characters are not in the data.
-- leave: the column cannot be converted to jsonb, and queries that read such a value can fail.

-- automatic: \u0000 is removed, and an unpaired surrogate becomes U+FFFD, or ? in databases other than UTF-8. The
--   rest of the text does not change
-- update orders by order_id:
-- Escaped backslashes are first replaced by U+0001, which JSON text cannot contain. Surrogates come before \u0000: two
-- halves that become adjacent when it is removed are not a pair.
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
