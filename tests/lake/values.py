"""Hostile values by type, as SQL of PostgreSQL that makes a table for each kind of value."""

from __future__ import annotations

from typing import Final

TEXTS: Final = (
    None, "", " ", "a", "A", "ab", "abc", "abcabc", "  a b  ", "a  b   c", "\t\n\r\x0c\x0ba", "a\n", "\na", "a\r\nb",
    "line\u0085end", "line\u2028end", "\u00a0a\u00a0", "\u3000a", "\u200ba", "\u0130", "i\u0307", "\u0131", "I",
    "\u00df", "\u1e9e", "\u0391\u03a3", "\u03b1\u03c2", "\u00e9", "e\u0301", "\u1112\u1161\u11ab", "\u212a", "K", "k",
    "\u017f", "\u01c5", "\ufb01", "\U0001f680", "\U0001f469\u200d\U0001f469", "\x01", "\x7f", "\x1f", "%", "_", "a%b",
    "a_b", "\\", "a\\b", "\\%", "\\u0000", "a.b", "a|b", "a,b,,c", ",", "$", "^a$", "(a)", "[a]", "{1}", "a@b.c",
    "x-y_z", "2024-01-31", "12", "-1", "1e5", "NaN", "zz", "\u00c0B", "\u00e0b", "aa\nbb", "bb", "secret-ref:a",
    "null", "true", "00012", "\ud7ff", "\uffff", "\U0010ffff",
)  # fmt: skip
#: Texts that some type reads, and some that none does.
INPUTS: Final = (
    None, "", " ", "0", "1", " 12 ", "-7", "+7", "\t5\n", "1.5", "1.", ".5", "-.5e3", "1e5", "1E-5", "1e400",
    "1e-400", "0e999", "-0", "-0.00", "NaN", "nan", "Infinity", "-infinity", "inf", "+inf", "1_000", "0x1F", "1a",
    "--1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808", "32768",
    "99999999999999999999.5", "0.1000", "000.50", "t", "TRUE", " yes ", "of", "o", "off", "on", "n", "2024-02-29",
    "2023-02-29", "2024-1-1", "0001-01-01", "infinity", "2024-01-31 10:20:30", "2024-01-31T10:20:30.123456", "today",
    '{"a": 1}', "[1,]", "null", '"\\ud800"', '{"a":1}{', "[1, 2", "{}", "tru", "01", '"\t"', '{"a" :1 , "a": 2}',
    "\u00a01",
)  # fmt: skip
INTEGERS: Final = (
    None, 0, 1, -1, 2, 3, -3, 7, 10, 48, 100, 46340, 46341, 65536, 2147483647, -2147483648, 2147483646,
)  # fmt: skip
BIGINTS: Final = (
    None, 0, 1, -1, 7, -7, 3037000500, 9223372036854775807, -9223372036854775808, 9007199254740993,
)  # fmt: skip
SMALLINTS: Final = (
    None, 0, 1, -1, 32767, -32768, 181, 182,
)  # fmt: skip
FLOATS: Final = (
    None, "0", "-0", "1", "-1", "0.5", "-0.5", "1.5", "2.5", "-2.5", "0.49999999999999994", "0.1",
    "343.00000000000006", "1e15", "1e14", "-1e15", "123456789012345680", "999999999999999.9", "1234567890123456.5",
    "1e16", "1e17", "1e22", "1e23", "1e-4", "0.00012345", "1e-5", "5e-324", "1e308", "1.7976931348623157e308",
    "-1.7976931348623157e308", "2147483647.4", "2147483647.5", "4503599627370497.5", "9223372036854775807",
    "-9223372036854775808", "NaN", "Infinity", "-Infinity", "2.2250738585072014e-308", "1e200",
)  # fmt: skip
NUMERICS: Final = (
    None, "0", "0.00", "1", "1.0", "1.50", "1.5", "-1.5", "-1.50", "2.5", "0.005", "-0.005", "0.015", "99.995",
    "1e20", "123456789012345678901234567890.5", "1e-20", "0.1", "0.333333333333333333333", "-7", "7", "3", "1e308",
    "NaN", "Infinity", "-Infinity", "12345678901234567890", "9223372036854775807.5", "100", "1000000", "0.0001",
)  # fmt: skip
DATES: Final = (
    None, "2024-01-31", "2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31", "infinity", "-infinity", "1969-12-31",
    "0044-03-15 BC",
)  # fmt: skip
TIMESTAMPS: Final = (
    None, "2024-01-31 10:20:30", "2024-01-31 00:00:00", "1969-12-31 23:59:59.999999", "2024-01-31 10:20:30.5",
    "infinity", "-infinity", "0001-01-01 00:00:01",
)  # fmt: skip
REALS: Final = (
    None, "0", "-0", "1", "0.1", "16777216", "1234567", "999999", "1e6", "1e10", "3.4028235e38", "1e-45", "NaN",
    "Infinity", "-Infinity", "2.5",
)  # fmt: skip
MONEY: Final = (
    None, "0", "1.50", "-1.50", "99999999.99", "-99999999.99", "0.01", "2.50", "0.05", "100.00",
)  # fmt: skip
INSTANTS: Final = (
    None, "2024-01-31 23:30:00+00", "2024-07-31 22:30:00+00", "1969-12-31 23:59:59.5+00", "infinity", "-infinity",
    "1900-01-01 00:00:00+00", "2024-03-31 01:00:00+00",
)  # fmt: skip
JSONS: Final = (
    None, "null", " null ", "true", "false", "1", "-0", "1.50", "1e400", "1E5", '""', '"a"', '"\\u0041"', '"\\u0000"',
    '"\\ud800"', '"\\ud83d\\ude00"', '"a\\nb"', "{}", " { } ", "[]", "[1, 2,3]", '[ {"a" : 1} , "x" , null ]',
    '{"a": 1, "a": 2}', '{"a":null}', '{"a": "x", "b": [1]}', '{"a":{"b":"c"}, "c":"d"}', '{"a": "\\u0000"}',
    '{"\\ud800": 1}', '{"\\u0061": "esc"}', '{"": 1}', '{"x.y": "p", "$.x": 2, "k[1]": 3, "*": 4, "a\\\\b": 5}',
    '{"a": " spaced  ", "b" : 1.0}', '{"a":"first","b":1,"a":"last"}', '{"A": 1, "a": true}', '\t{"a"\n:\r"\u2028"}',
    '{"\\u00e9": 1, "\u00e9": 2}', '["\\u0000"]', '{"api_key": "k", "API-Key": ""}', '[[[["deep"]]]]',
    '{"a":"\\"quoted\\" \\\\"}', '"\u00e9"',
)  # fmt: skip


def _text(value: object, of: str) -> str:
    return "null" if value is None else "e'" + str(value).replace("\\", "\\\\").replace("'", "''") + f"'::{of}"


def _pairs(name: str, columns: dict[str, tuple[str, tuple[object, ...]]], crossed: bool) -> str:
    """Return SQL that makes a table: each value in a row; if crossed, each beside each, named with a 2."""
    parts = []
    for column, (of, values) in columns.items():
        listed = ", ".join(f"({place}, {_text(value, of)})" for place, value in enumerate(values))
        parts.append((column, f"(values {listed}) as {column} (k, {column})", of))
    first = parts[0]
    made = f"create table {name} as select row_number() over () as k, {first[0]}.{first[0]}::{first[2]}"
    source = f" from {first[1]}"
    for column, listed, of in parts[1:]:
        made += f", {column}.{column}::{of}"
        source += f" left join {listed} on {column}.k = {first[0]}.k"
    if crossed:
        made += ", other.*"
        second = ", ".join(f"{column}.{column}::{of} as {column}2" for column, _, of in parts)
        source += f" cross join (select {second}{source}) as other"
    return made + source


#: Tables by name, as statements of PostgreSQL.
TABLES: Final = {
    "texts": _pairs("texts", {"t": ("text", TEXTS)}, crossed=True),
    "inputs": _pairs("inputs", {"t": ("text", INPUTS)}, crossed=False),
    "whole": _pairs(
        "whole", {"i": ("int", INTEGERS), "l": ("bigint", BIGINTS), "s": ("smallint", SMALLINTS)}, crossed=True
    ),
    "floats": _pairs("floats", {"f": ("float8", FLOATS), "r": ("real", REALS)}, crossed=True),
    "numerics": _pairs("numerics", {"m": ("numeric", NUMERICS), "q": ("numeric(10,2)", MONEY)}, crossed=True),
    "dates": _pairs(
        "dates", {"d": ("date", DATES), "ts": ("timestamp", TIMESTAMPS), "tz": ("timestamptz", INSTANTS)}, crossed=True
    ),
    "jsons": _pairs("jsons", {"j": ("json", JSONS)}, crossed=False),
    "others": _pairs(
        "others",
        {
            "b": ("boolean", (None, True, False)),
            "x": ("bit(8)", ("10101010", "00000000", None, "11111111")),
            "y": ("bit varying", ("1", "10", "", None, "01")),
            "u": ("uuid", ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None, "00000000-0000-0000-0000-000000000000")),
            "v": ("varchar(5)", ("abc", None, "é", "ab ")),
            "c": ("char(5)", ("abc", None, "", "é")),
            "i": ("int", (1, 2, 3, None, 5, 6)),
            "jb": ("jsonb", ('{"b": 1,"a": [1.50]}', None, "1")),
        },
        crossed=True,
    ),
}
