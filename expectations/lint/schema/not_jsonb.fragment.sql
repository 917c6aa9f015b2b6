-- Escapes that are not characters. Escaped backslashes are first replaced by U+0001, which JSON text cannot contain: a u
-- after one is not an escape. The pattern finds U+0000, a high surrogate without a low one, and a low one without a
-- high one.
strpos(%1$s::text, '\u') > 0
and replace(%1$s::text, '\\', chr(1))
  ~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
-- Numbers beyond numeric. Short texts with exponents of at most four digits have none.
or (%1$s::text ~ '[eE][-+]?[0-9]{5}' or octet_length(%1$s::text) > 6000)
and exists (
  select
  from regexp_matches(
    -- without strings, of which escaped backslashes and quotes are removed first
    regexp_replace(replace(replace(%1$s::text, '\\', ''), '\"', ''), '"[^"]*"', '', 'g'),
    '([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?)0*([0-9]*))?', 'g'
  ) as m (part)
  cross join lateral (
    select ltrim(m.part[1] || coalesce(m.part[2], ''), '0') as digits,
      length(coalesce(m.part[2], '')) as decimals,
      -- eleven digits of an exponent suffice to see that it is too large
      (coalesce(m.part[3], '') || coalesce(nullif(left(m.part[4], 11), ''), '0'))::bigint as exponent
  ) as d
  -- numeric has 131,072 digits before the decimal point and 16,383 after it. Zero has no digits.
  where d.digits <> '' and length(d.digits) - d.decimals + d.exponent > 131072
    or d.decimals - d.exponent > 16383
    or d.exponent > 1073741822
)
