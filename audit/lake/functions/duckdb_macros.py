"""Functions that DuckDB computes itself, as macros, by the names and arguments of the translation.

A repeated argument is computed again; `list_transform([x], lambda v: …)[1]` computes it once, where `case` asks for it.
"""

from typing import Final

#: Letters that PostgreSQL 18 lowers (Unicode 16), and DuckDB does not know yet.
NEW_UPPER: Final = "\u1c89\ua7cb\ua7cc\ua7da\ua7dc" + "".join(map(chr, range(0x10D50, 0x10D66)))
NEW_LOWER: Final = "\u1c8a\u0264\ua7cd\ua7db\u019b" + "".join(map(chr, range(0x10D70, 0x10D86)))
_ABC: Final = "abcdefghijklmnopqrstuvwxyz"

TEXTS: Final = {
    "oa_trim(s)": "trim(s, chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))",
    "oa_replace(s, a, b)": "case when a = '' then s when b is not null then replace(s, a, b) end",
    "oa_substr_from(s, a)": "case when a < 1 then s else substr(s, a) end",
    "oa_substr(s, a, n)": """case
        when s is null or a is null or n is null then null
        when n < 0 then error('negative substring length not allowed')
        else substr(s, greatest(a, 1), greatest(cast(a as bigint) + n - greatest(a, 1), 0))
    end""",
    "oa_chr(n)": """case
        when n = 0 then error('null character not permitted')
        when n < 0 then error('character number must be positive')
        when n > 1114111 or n between 55296 and 57343 then error('requested character not valid for encoding')
        else chr(n)
    end""",
    "oa_ascii(s)": "case when s = '' then 0 else unicode(s) end",
    "oa_repeat(s, n)": "case when n <= 0 and s is not null then '' else repeat(s, n) end",
    "oa_reverse(s)": """case
        when strlen(s) = length(s) then reverse(s)
        else list_transform(
            [s], lambda v: array_to_string(list_transform(range(length(v), 0, -1), lambda i: substr(v, i, 1)), '')
        )[1]
    end""",
    "oa_lpad(s, n, f)": """case
        when s is null or n is null or f is null then null
        when n <= 0 then ''
        when f = '' or n <= length(s) then left(s, n)
        else lpad(s, n, f)
    end""",
    "oa_rpad(s, n, f)": """case
        when s is null or n is null or f is null then null
        when n <= 0 then ''
        when f = '' or n <= length(s) then left(s, n)
        else rpad(s, n, f)
    end""",
    "oa_split_part(s, d, n)": """case
        when s is null or d is null or n is null then null
        when n = 0 then error('field position must not be zero')
        when d = '' then case when n in (1, -1) then s else '' end
        else split_part(s, d, n)
    end""",
    "oa_hex(n, size)": """lower(to_hex(
        case when n < 0 then cast(n as hugeint) + cast(size as hugeint) else cast(n as hugeint) end
    ))""",
    "oa_normalize(s, f)": """case
        when strlen(s) = length(s) then s
        when f = 'nfc' then nfc_normalize(s)
        else oa_py_normalize(s, f)
    end""",
    "oa_hash(s, seed)": "cast(cast(hash(s) as hugeint) - 9223372036854775808 as bigint)",
    "oa_hash_32(s)": "cast(cast(hash(s) % 4294967296 as bigint) - 2147483648 as integer)",
    "oa_bytes(s, e)": """case
        when lower(e) not in ('utf8', 'utf-8') then error('only UTF8 is known')
        when strlen(s) = length(s) then s
        else oa_py_bytes(s)
    end""",
    "oa_lower_ascii(s)": f"""case
        when strlen(s) = length(s) then lower(s) else translate(s, '{_ABC.upper()}', '{_ABC}')
    end""",
    "oa_upper_ascii(s)": f"""case
        when strlen(s) = length(s) then upper(s) else translate(s, '{_ABC}', '{_ABC.upper()}')
    end""",
    "oa_lower_builtin(s)": f"""case
        when strlen(s) = length(s) then lower(s) else translate(lower(s), '{NEW_UPPER}', '{NEW_LOWER}')
    end""",
    "oa_upper_libc(s)": """case
        when strlen(s) = length(s) then upper(s)
        else array_to_string(list_transform(string_split(s, 'ß'), lambda p: upper(p)), 'ß')
    end""",
    "oa_upper_builtin(s)": f"""case
        when strlen(s) = length(s) then upper(s) else translate(oa_upper_libc(s), '{NEW_LOWER}', '{NEW_UPPER}')
    end""",
    "oa_regexp_ascii(s, p)": """case
        when strlen(s) = length(s) then regexp_matches(s, p)
        when s is not null then error('a class of characters in a pattern depends on the locale beyond ASCII')
    end""",
}

NUMBERS: Final = {
    "oa_rint(x)": """case
        when x > -0.6::double and x < 0.6::double then case
            when abs(x) <= 0.5::double then case when signbit(x) then -(0::double) else 0::double end
            else sign(x)
        end
        when abs(x) < 4503599627370496::double then cast(cast(x as bigint) as double)
        else x
    end""",
    "oa_sign(x)": """case
        when isnan(x) or x = 0 then 0::double when x > 0 then 1::double when x < 0 then -1::double
    end""",
    "oa_sqrt(x)": "case when x < 0 then error('cannot take square root of a negative number') else sqrt(x) end",
    "oa_float_range(r, is_exact, is_zero)": """case
        when isinf(r) and is_exact then error('value out of range: overflow')
        when r = 0 and not is_zero then error('value out of range: underflow')
        else r
    end""",
    "oa_add(a, b)": "oa_float_range(a + b, isfinite(a) and isfinite(b), true)",
    "oa_subtract(a, b)": "oa_float_range(a - b, isfinite(a) and isfinite(b), true)",
    "oa_multiply(a, b)": "oa_float_range(a * b, isfinite(a) and isfinite(b), a = 0 or b = 0)",
    "oa_divide(a, b)": """case
        when b = 0 and not isnan(a) then error('division by zero')
        else oa_float_range(a / b, isfinite(a), a = 0 or isinf(b))
    end""",
    "oa_real(x)": """case
        when isfinite(x) and isinf(cast(x as float)) then cast(error('value out of range: overflow') as float)
        when x <> 0 and cast(x as float) = 0 then cast(error('value out of range: underflow') as float)
        else cast(x as float)
    end""",
    "oa_divide_int(a, b)": "(a // b)",
    "oa_mod(a, b)": "case when b = -1 and a is not null then a - a else a % b end",
    "oa_negative(x)": "(-x)",
    "oa_float_int(x, least, most)": """case
        when oa_rint(x) between cast(least as double) and cast(most as double)
            and (oa_rint(x) < 9223372036854775808::double) then cast(oa_rint(x) as bigint)
        when x is not null then error('integer out of range')
    end""",
    # the shortest digits; where a shorter text stands exactly between two numbers, PostgreSQL takes a longer one
    "oa_plain(t)": """case
        when ends_with(t, '.0') then left(t, length(t) - 2)
        when t in ('nan', '-nan') then 'NaN' when t = 'inf' then 'Infinity' when t = '-inf' then '-Infinity'
        else t
    end""",
    "oa_float_text(x)": """list_transform([x], lambda v: case
        when abs(v) < 1e15::double or not isfinite(v)
            then list_transform([cast(v as varchar)], lambda t: oa_plain(t))[1]
        else oa_py_float_text(v)
    end)[1]""",
    "oa_real_text(x)": """list_transform([x], lambda v: case
        when abs(v) < 1e5::float or not isfinite(v)
            then list_transform([cast(v as varchar)], lambda t: oa_plain(t))[1]
        else oa_py_real_text(cast(v as double))
    end)[1]""",
    "oa_num(t)": """list_transform([t], lambda v: case
        when length(v) <= 30 and not starts_with(v, '-0')
            and regexp_full_match(v, '-?(?:[1-9][0-9]*|0)(?:[.][0-9]+)?') then v
        else oa_py_num_read(v)
    end)[1]""",
    "oa_num_short(v)": "length(v) <= 20 and ascii(right(v, 1)) < 58",
    "oa_num_compare(a, b)": """list_transform([{'a': a, 'b': b}], lambda v: case
        when v.a is null or v.b is null then null
        when oa_num_short(v.a) and oa_num_short(v.b) then
            cast(cast(v.a as decimal(38, 18)) > cast(v.b as decimal(38, 18)) as integer)
            - cast(cast(v.a as decimal(38, 18)) < cast(v.b as decimal(38, 18)) as integer)
        else oa_py_num_compare(v.a, v.b)
    end)[1]""",
    "oa_num_key(t)": """list_transform([t], lambda v: case
        when contains(v, '.') then rtrim(rtrim(v, '0'), '.') else v
    end)[1]""",
    "oa_num_round(t, n)": """list_transform([t], lambda v: case
        when n is null then null
        when n = 2 and oa_num_short(v)
            then oa_num_plain(cast(cast(cast(v as decimal(38, 18)) as decimal(38, 2)) as varchar))
        else oa_py_num_round(v, n)
    end)[1]""",
    "oa_num_plain(v)": "case when v in ('-0.00', '-0') then substr(v, 2) else v end",
    "oa_num_trunc(t, n)": "oa_py_num('trunc', t, cast(n as varchar))",
    "oa_num_abs(t)": "ltrim(t, '-')",
    "oa_num_sign(t)": """list_transform([t], lambda v: case
        when v = 'NaN' then v when starts_with(v, '-') then '-1'
        when trim(v, '0.') = '' then '0' when v is not null then '1'
    end)[1]""",
    "oa_num_negative(t)": """list_transform([t], lambda v: case
        when v = 'NaN' or trim(v, '0.') = '' then v when starts_with(v, '-') then substr(v, 2) else '-' || v
    end)[1]""",
    "oa_num_add(a, b)": "oa_py_num('+', a, b)",
    "oa_num_subtract(a, b)": "oa_py_num('-', a, b)",
    "oa_num_int(t)": """list_transform([t], lambda v: case
        when length(v) <= 18 and not contains(v, '.') and ascii(right(v, 1)) < 58 then cast(v as bigint)
        else oa_py_num_int(v)
    end)[1]""",
    "oa_num_double(t)": """list_transform([t], lambda v: case
        when length(v) <= 300 then cast(v as double) else cast(oa_py_num_double(v) as double)
    end)[1]""",
    "oa_num_typmod(t, p, s)": "oa_py_num_typmod(t, p, s)",
    "oa_int(t, n)": """list_transform([t], lambda v: case
        when regexp_full_match(v, '[ \\t\\n\\v\\f\\r]*[-+]?[0-9]+[ \\t\\n\\v\\f\\r]*')
            then cast(ltrim(oa_trim(v), '+') as bigint)
        when v is not null then error('invalid input syntax for type ' || n || ': "' || v || '"')
    end)[1]""",
    "oa_float(t)": "cast(oa_py_float(t) as double)",
    "oa_boolean(t)": """list_transform([lower(oa_trim(t))], lambda v: case
        when v in ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') then true
        when v in ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0') then false
        when v is not null then error('invalid input syntax for type boolean: "' || v || '"')
    end)[1]""",
}

DATES: Final = {
    "oa_date(t)": """list_transform([t], lambda v: case
        when regexp_full_match(v, '[0-9]{4}-[0-9]{2}-[0-9]{2}') then cast(v as date)
        when lower(v) in ('infinity', '-infinity') then cast(lower(v) as date)
        when v is not null then error('only dates as YYYY-MM-DD are read: "' || v || '"')
    end)[1]""",
    "oa_timestamp(t)": """list_transform([t], lambda v: case
        when regexp_full_match(v, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?')
            then cast(v as timestamp)
        when lower(v) in ('infinity', '-infinity') then cast(lower(v) as timestamp)
        when v is not null then error('only timestamps as YYYY-MM-DD HH:MM:SS are read: "' || v || '"')
    end)[1]""",
    "oa_date_text(d)": """list_transform([cast(d as varchar)], lambda v: case
        when contains(v, ' (BC)') then replace(v, ' (BC)', '') || ' BC' else v
    end)[1]""",
    "oa_date_add(d, n)": "case when isfinite(d) then d + n when n is not null then d end",
    "oa_date_between(a, b)": """case
        when isfinite(a) and isfinite(b) then cast(a - b as integer)
        when a is not null and b is not null then error('cannot subtract infinite dates')
    end""",
    "oa_zone_timestamp(t, z)": """case
        when isfinite(t) then timezone(z, t) else cast(cast(t as varchar) as timestamp)
    end""",
    "oa_zone_date(t, z)": "cast(oa_zone_timestamp(t, z) as date)",
    "oa_offset(s)": """case when s < 0 then '-' else '+' end || lpad(cast(abs(s) // 3600 as varchar), 2, '0')
        || case when s % 3600 = 0 then '' else ':' || lpad(cast(abs(s) // 60 % 60 as varchar), 2, '0') end
        || case when s % 60 = 0 then '' else ':' || lpad(cast(abs(s) % 60 as varchar), 2, '0') end""",
    "oa_zone_text(t, z)": """case
        when isfinite(t) then list_transform([timezone(z, t)], lambda v:
            regexp_replace(cast(v as varchar), ' [(]BC[)]', '')
            || oa_offset(cast(epoch(v) - epoch(timezone('UTC', t)) as bigint))
            || case when v < cast('0001-01-01' as timestamp) then ' BC' else '' end
        )[1]
        else cast(t as varchar)
    end""",
    "oa_year(d)": """case
        when isfinite(d) then cast(extract(year from d) - cast(extract(year from d) <= 0 as integer) as varchar)
        when d > cast('2000-01-01' as date) then 'Infinity' when d is not null then '-Infinity'
    end""",
    "oa_date_timestamp(d)": "cast(d as timestamp)",
    "oa_timestamp_date(t)": "cast(t as date)",
}

JSON: Final = {
    "oa_json(t)": "oa_py_json(t)",
    "oa_json_typeof(j)": """list_transform([left(oa_trim(j), 1)], lambda v: case v
        when '{' then 'object' when '[' then 'array' when '"' then 'string' when 't' then 'boolean'
        when 'f' then 'boolean' when 'n' then 'null' else case when v is not null then 'number' end
    end)[1]""",
    "oa_json_keys(j)": """list_transform([j], lambda v: case
        when not contains(v, '\\') and starts_with(oa_trim(v), '{') then json_keys(v)
        when v is not null then oa_py_json_keys(v)
    end)[1]""",
    "oa_json_elements(j)": "oa_py_json_elements(j)",
    # Without a backslash a key stands in the text as it is. If it does so once, it is not repeated.
    "oa_json_plain(j, k)": """not contains(j, '\\') and not contains(k, '\\') and not contains(k, '"')
        and starts_with(oa_trim(j), '{')
        and strlen(j) - strlen(replace(j, '"' || k || '"', '')) <= strlen(k) + 2""",
    "oa_json_pointer(k)": "'/' || replace(replace(k, '~', '~0'), '/', '~1')",
    "oa_json_get(j, k)": "oa_py_json_get(j, k)",
    "oa_json_get_type(j, k)": """list_transform([j], lambda v: case
        when v is null or k is null then null
        when oa_json_plain(v, k) then oa_json_typeof(cast(json_extract(v, oa_json_pointer(k)) as varchar))
        else oa_json_typeof(oa_py_json_get(v, k))
    end)[1]""",
    "oa_json_get_text(j, k)": """list_transform([j], lambda v: case
        when v is null or k is null then null
        when oa_json_plain(v, k)
            then list_transform([cast(json_extract(v, oa_json_pointer(k)) as varchar)], lambda r: case
                when r is null or r = 'null' then null
                when starts_with(r, '"') then substr(r, 2, length(r) - 2)
                else oa_py_json_get_text(v, k)
            end)[1]
        else oa_py_json_get_text(v, k)
    end)[1]""",
    "oa_json_at(j, n)": "oa_py_json_at(j, n)",
    "oa_json_at_text(j, n)": "oa_py_json_at_text(j, n)",
    "oa_json_array_length(j)": "len(oa_py_json_elements(j))",
}

LISTS: Final = {
    "oa_any(l)": """list_transform([l], lambda v: case
        when v is null then null when list_contains(v, true) then true
        when len(list_filter(v, lambda x: x is null)) > 0 then null else false
    end)[1]""",
    "oa_all(l)": """list_transform([l], lambda v: case
        when v is null then null when list_contains(v, false) then false
        when len(list_filter(v, lambda x: x is null)) > 0 then null else true
    end)[1]""",
    "oa_array_text(l)": """list_transform([l], lambda v: case when v is not null then
        '{' || coalesce(array_to_string(list_transform(v, lambda x: case
        when x is null then 'NULL'
        when x = '' or lower(x) = 'null' or regexp_matches(x, '[{}",\\\\ \\t\\n\\v\\f\\r]')
            then '"' || replace(replace(x, '\\', '\\\\'), '"', '\\"') || '"'
        else x
    end), ','), '') || '}' end)[1]""",
    "oa_series(a, b)": "generate_series(a, b)",
}

MACROS: Final = {**TEXTS, **NUMBERS, **DATES, **JSON, **LISTS}
