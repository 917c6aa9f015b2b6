"""Which parts of an SQL text are variables, and what they become."""

from __future__ import annotations

import pytest

from order_audit.expectations import SuiteError
from order_audit.expectations.placeholders import placeholders
from order_audit.expectations.variables import Variable, declared, replaced, value_list


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a = :x", "a = (-5)"),
        ("a=:x and b=:'x'", "a=(-5) and b='-5'"),
        ('t.:"x" as :"x"', 't."-5" as "-5"'),
        ("(:x)", "((-5))"),
        ("a -:x", "a -(-5)"),
        ("/* :x /* :x */ :x */ :x -- :x\n:x", "/* :x /* :x */ :x */ (-5) -- :x\n(-5)"),
        ("a[:x]", "a[(-5)]"),
        ("U&'\\0061:x' limit :x", "U&'\\0061:x' limit (-5)"),
        ("$$:x$$ || $a$ :x $b$ :x $a$ || :x", "$$:x$$ || $a$ :x $b$ :x $a$ || (-5)"),
        ("foo$1$ = :x and $1 = :x", "foo$1$ = (-5) and $1 = (-5)"),
        ("'it''s :x' || :x", "'it''s :x' || (-5)"),
        ("E'\\':x' || :x", "E'\\':x' || (-5)"),
        ("E'a'\n'\\':x' || :x", "E'a'\n'\\':x' || (-5)"),
        ("':x", "':x"),
        ("'\\' || :x", "'\\' || (-5)"),
    ],
)
def test_a_variable_is_replaced_where_it_is_one(sql: str, expected: str) -> None:
    """By a value that is a part of no other word."""
    assert replaced(sql, {"x": "-5"})[0] == expected


@pytest.mark.parametrize(
    "sql",
    ["a::x", "a :: x", "x := 1", "a[1:x]", "a[(1):x]", "json_object('a':x)", "E:'x'", "':x'", "E'\\' :x'", '":x"',
     "-- :x", "/* :x", "$é$ :x $é$", "é$$ :x", "$$ :x"],
)  # fmt: skip
def test_nothing_else_is_a_variable(sql: str) -> None:
    """Neither casts, slices and JSON, nor what is in quotes and comments."""
    if sql == "é$$ :x":  # a name, and then a variable
        assert replaced(sql, {"x": "-5"})[0] == "é$$ (-5)"
    else:
        assert replaced(sql, {"x": "-5"})[0] == sql


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        ("5", "5"), ("-1.5e3", "(-1.5e3)"), ("0.02", "0.02"),
        ("007", "'007'"), ("1e9999", "'1e9999'"), (".5", "'.5'"), ("5 ", "'5 '"), ("٣", "'٣'"), ("0x1F", "'0x1F'"),
        ("NaN", "'NaN'"), ("1_000", "'1_000'"), ("+5", "'+5'"), ("", "''"), ("null", "'null'"), ("5\n", "E'5\\n'"),
        ("it's", "'it''s'"), ("a\\b", "E'a\\\\b'"), ("a\\' or true", "E'a\\\\'' or true'"), ("5;--", "'5;--'"),
    ],
)  # fmt: skip
def test_only_what_is_written_as_a_number_is_one(value: str, bare: str) -> None:
    """Anything else is a literal, and always is in quotes."""
    assert replaced(":v", {"v": value})[0] == bare
    quoted = bare if bare[-1] == "'" else f"'{value}'"
    assert replaced(":'v'", {"v": value})[0] == quoted
    assert replaced(':"v"', {"v": value})[0] == '"' + value.replace('"', '""') + '"'


def test_a_value_does_not_run_into_its_neighbours() -> None:
    """A literal would go on in another one, a number in a name."""
    assert replaced("(:'v':'v' :v:v)", {"v": "it's"})[0] == "('it''s':'v' 'it''s':v)"
    assert replaced("select(1)&:'v'x", {"v": "a"})[0] == "select(1)& 'a' x"
    assert replaced("1|:v$x", {"v": "5"})[0] == "1|5 $x"


def test_what_may_be_a_slice_is_known() -> None:
    """There, an undeclared name is a column."""
    found = {it.name: it.may_be_none for it in placeholders("a[:i] + :j + (b[f(:k) :l]) || json_object('a' :m)")}
    assert found == {"i": True, "j": False, "k": False, "l": True, "m": True}


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("limit = 250", [("limit", "250")]),
        ("a=1, b, c = 'x, ''y'''", [("a", "1"), ("b", None), ("c", "x, 'y'")]),
        ("region = EU West, empty = ''", [("region", "EU West"), ("empty", "")]),
    ],
)
def test_declarations_are_read(text: str, variables: list[tuple[str, str | None]]) -> None:
    """With their defaults."""
    assert declared(text, "a.sql:3") == tuple(Variable(*each) for each in variables)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "variables '' is not 'NAME = VALUE' or 'NAME'; texts are in single quotes"),
        ("a = 1,", "variables '' is not 'NAME = VALUE' or 'NAME'; texts are in single quotes"),
        ("a =", "variables 'a =' is not 'NAME = VALUE' or 'NAME'; texts are in single quotes"),
        ("a = it's", "variables 'a = it's' is not 'NAME = VALUE' or 'NAME'; texts are in single quotes"),
        ("1a = 2", "variables '1a = 2' is not 'NAME = VALUE' or 'NAME'; texts are in single quotes"),
        ("Limit = 2", "variable 'Limit' is not in lower case: write 'limit'"),
        ("a = 1, a = 2", "variable 'a' is declared twice"),
    ],
)
def test_a_malformed_declaration_is_one_line(text: str, error: str) -> None:
    """With its place."""
    with pytest.raises(SuiteError) as raised:
        declared(text, "a.sql:3")
    assert str(raised.value) == f"a.sql:3: {error}"


def test_lists_of_values_are_read() -> None:
    """A text with a comma is in quotes."""
    assert value_list("a, 'b, ''c', 12 x", "a.sql:3") == ("a", "b, 'c", "12 x")
    for text in ("a,,b", "a,", "", "''", "a'b"):
        with pytest.raises(SuiteError, match=r"^a.sql:3: for_each '.*' is no value; write 'VALUE, ...'"):
            value_list(text, "a.sql:3")
