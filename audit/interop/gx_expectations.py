"""The core expectations, each with the condition that Great Expectations sends to PostgreSQL.

Expectations on columns leave NULL alone, apart from those on NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from order_audit.audit.interop.check import Body, CannotImportError, Check, Level, Repeats, Rows, Table, Value
from order_audit.audit.interop.names import listed, literal, quoted, text
from order_audit.audit.interop.sql import bound, matches, outside


@dataclass(frozen=True)
class _Given:
    """The table and the arguments of an expectation."""

    table: Table
    kwargs: dict[str, Any]

    def name(self, argument: str = "column") -> str:
        found = self.kwargs.get(argument)
        if not isinstance(found, str) or not found:
            raise CannotImportError(f"it has no {argument}")
        return found

    def sql(self, argument: str = "column") -> str:
        return self.table.column(self.name(argument))

    def values(self, argument: str) -> list[Any]:
        found = self.kwargs.get(argument)
        values = [it for it in found if it is not None] if isinstance(found, list) else []
        if not values or any(isinstance(it, list | dict) for it in values):
            raise CannotImportError(f"{argument} is no list of values")
        return values

    def names(self, argument: str = "column_list") -> tuple[str, ...]:
        return tuple(map(str, self.values(argument)))

    def range(self) -> tuple[Any, Any, bool, bool]:
        get = self.kwargs.get
        return get("min_value"), get("max_value"), bool(get("strict_min")), bool(get("strict_max"))


@dataclass(frozen=True)
class _Made:
    """What follows the table's name in the title, the body, the columns, and the bound of a value."""

    title: str
    body: Body
    columns: tuple[str, ...] = ()
    bound: str = ""


_Make = Callable[[_Given], _Made]


def check(kind: str, table: Table, kwargs: dict[str, Any]) -> Check:
    """Return the check of an expectation. Raises CannotImportError if it has no equivalent."""
    if kind not in _MAKERS:
        raise CannotImportError("this expectation has no equivalent")
    given = _Given(table, kwargs)
    made = _MAKERS[kind][1](given)
    if kind in _WITHOUT_MOSTLY and kwargs.get("mostly", 1) != 1:
        raise CannotImportError("its share of rows counts others than the rows with values")
    title = f"{table.name}{made.title}"
    return Check(table, "", title, kind, made.body, made.columns, levels=(Level("critical", bound=made.bound),))


def share(check: Check, least: str) -> Check:
    """Return a check on rows as one on the share of those that meet it, of the rows with a value (`mostly`)."""
    (name,) = check.columns
    column = check.table.column(name)
    if isinstance(check.body, Repeats):
        raise CannotImportError("'mostly' of a uniqueness has no equivalent")
    if not isinstance(check.body, Rows):
        raise CannotImportError("'mostly' has no equivalent here")
    # expectations on NULL itself count all rows
    rows = "count(*)" if check.body.condition.endswith(("is null", "is not null")) else f"count({column})"
    bad = f"count(*) filter (where {check.body.condition})"
    sql = f"case when {rows} = 0 then 1 else 1 - {bad}::numeric / {rows} end"
    return replace(
        check, title=f"{check.title} too often", body=Value(sql), levels=(Level("critical", bound=f"at_least {least}"),)
    )


def _rows(title: str, condition: Callable[[_Given], str]) -> _Make:
    return lambda given: _Made(f".{given.name()} {title}", Rows(condition(given)), (given.name(),))


def _of(expression: str) -> _Make:
    """Return the maker of a value of the column `{c}` that is between two limits."""

    def make(given: _Given) -> _Made:
        column = given.sql() if "{c}" in expression else ""
        value = expression.format(c=column)
        low, high, strict_low, strict_high = given.range()
        name = f".{given.name()}" if column else ""
        columns = (given.name(),) if column else ()
        title = f"{name}: {expression.format(c='values') if column else 'number of rows'} out of range"
        if (strict_low and low is not None) or (strict_high and high is not None):
            # bounds of rule files are inclusive
            inside = outside(value, low, high, strict_low=strict_low, strict_high=strict_high)
            return _Made(title, Value(f"not ({inside})"), columns, "equals true")
        return _Made(title, Value(value), columns, bound(low, high))

    return make


def _equal_count(given: _Given) -> _Made:
    count = given.kwargs.get("value")
    return _Made(": another number of rows", Value("count(*)"), (), bound(count, count))


def _lengths(given: _Given) -> str:
    low, high, strict_low, strict_high = given.range()
    return outside(f"length({given.sql()})", low, high, strict_low=strict_low, strict_high=strict_high)


def _between(given: _Given) -> str:
    low, high, strict_low, strict_high = given.range()
    return outside(given.sql(), low, high, strict_low=strict_low, strict_high=strict_high)


def _regex_list(given: _Given) -> str:
    any_of = given.kwargs.get("match_on", "any") == "any"
    found = [matches(given.sql(), str(it)) for it in given.values("regex_list")]
    return f"not ({(' or ' if any_of else ' and ').join(found)})"


def _no_regex_of(given: _Given) -> str:
    return f"({' or '.join(matches(given.sql(), str(it)) for it in given.values('regex_list'))})"


def _like(given: _Given, words: str) -> str:
    return f"{given.sql()} {words} {text(given.name('like_pattern'))}"


def _greater(given: _Given) -> _Made:
    a, b = given.sql("column_A"), given.sql("column_B")
    names = (given.name("column_A"), given.name("column_B"))
    sign = "<" if given.kwargs.get("or_equal") else "<="
    return _Made(f".{names[0]} is not greater than {names[1]}", Rows(f"{a} {sign} {b}"), names)


def _equal(given: _Given) -> _Made:
    a, b = given.sql("column_A"), given.sql("column_B")
    names = (given.name("column_A"), given.name("column_B"))
    conditions = {
        "both_values_are_missing": f"{a} is distinct from {b}",
        "either_value_is_missing": f"{a} <> {b}",
        "neither": f"({a} = {b}) is not true",
    }
    ignored = given.kwargs.get("ignore_row_if", "both_values_are_missing")
    if ignored not in conditions:
        raise CannotImportError(f"ignore_row_if '{ignored}' is unknown")
    return _Made(f".{names[0]} is not {names[1]}", Rows(conditions[ignored]), names)


def _unique(given: _Given) -> _Made:
    return _Made(f".{given.name()} is not unique", Repeats(f"{given.sql()} is not null"), (given.name(),))


def _compound(given: _Given) -> _Made:
    names = given.names()
    present = " and ".join(f"{given.table.column(it)} is not null" for it in names)
    return _Made(f" has a combination twice: {', '.join(names)}", Repeats(present), names)


def _exists(given: _Given) -> _Made:
    name = given.name()
    if given.kwargs.get("column_index") is not None:
        raise CannotImportError("the position of a column has no equivalent")
    query = (
        "select exists (\n"
        "  select from pg_attribute as a\n"
        f"  where a.attrelid = to_regclass({text(str(given.table))}) and a.attname = {literal(name)}\n"
        "    and a.attnum > 0 and not a.attisdropped\n"
        ") as value"
    )
    return _Made(f" has no column {quoted(name)}", Value(query, is_query=True), (), "equals true")


def _unexpected_rows(given: _Given) -> _Made:
    query = given.name("unexpected_rows_query").rstrip("; \t\r\n\v\f")
    try:
        query = query.format(batch=f"(select * from {given.table}) as subselect")  # the alias that it has there
    except (ValueError, LookupError, AttributeError):
        raise CannotImportError("its query has a parameter besides {batch}") from None
    counted = f"select count(*) as value\nfrom (\n{query}\n) as unexpected_rows"
    return _Made(": its query finds rows", Value(counted, is_query=True), (), "at_most 0")


#: Each kind with what becomes of it.
_MAKERS: Final[dict[str, tuple[str, _Make]]] = {
    "expect_column_values_to_not_be_null": ("rows with NULL", _rows("is NULL", lambda g: f"{g.sql()} is null")),
    "expect_column_values_to_be_null": ("rows without NULL", _rows("is not NULL", lambda g: f"{g.sql()} is not null")),
    "expect_column_values_to_be_unique": ("all rows of values that repeat", _unique),
    "expect_compound_columns_to_be_unique": ("all rows of combinations that repeat, none with a NULL", _compound),
    "expect_column_values_to_be_in_set": (
        "rows with another value",
        _rows("has a value that is not in the set", lambda g: f"{g.sql()} not in ({listed(g.values('value_set'))})"),
    ),
    "expect_column_values_to_not_be_in_set": (
        "rows with such a value",
        _rows("has a value of the set", lambda g: f"{g.sql()} in ({listed(g.values('value_set'))})"),
    ),
    "expect_column_values_to_be_between": ("rows outside of the range", _rows("is out of range", _between)),
    "expect_column_value_lengths_to_be_between": (
        "rows with another number of characters", _rows("has a wrong length", _lengths),
    ),
    "expect_column_value_lengths_to_equal": (
        "rows with another number of characters",
        _rows("has a wrong length", lambda g: f"length({g.sql()}) <> {literal(g.kwargs.get('value'))}"),
    ),
    "expect_column_values_to_match_regex": (
        "rows without a match, by PostgreSQL's `~`",
        _rows("does not match", lambda g: matches(g.sql(), g.name("regex"), negated=True)),
    ),
    "expect_column_values_to_not_match_regex": (
        "rows with a match", _rows("matches", lambda g: matches(g.sql(), g.name("regex"))),
    ),
    "expect_column_values_to_match_regex_list": ("rows without a match", _rows("does not match", _regex_list)),
    "expect_column_values_to_not_match_regex_list": ("rows with a match", _rows("matches", _no_regex_of)),
    "expect_column_values_to_match_like_pattern": (
        "rows unlike the pattern", _rows("is unlike the pattern", lambda g: _like(g, "not like")),
    ),
    "expect_column_values_to_not_match_like_pattern": (
        "rows like the pattern", _rows("is like the pattern", lambda g: _like(g, "like")),
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": ("rows where A is not greater; NULL is ignored", _greater),
    "expect_column_pair_values_to_be_equal": ("rows where A and B differ; by default NULL differs from values", _equal),
    "expect_table_row_count_to_be_between": ("the number of rows", _of("count(*)")),
    "expect_table_row_count_to_equal": ("the number of rows", _equal_count),
    "expect_column_min_to_be_between": ("the least value", _of("min({c})")),
    "expect_column_max_to_be_between": ("the greatest value", _of("max({c})")),
    "expect_column_sum_to_be_between": ("the sum", _of("sum({c})")),
    "expect_column_mean_to_be_between": ("the mean", _of("avg({c})")),
    "expect_column_median_to_be_between": (
        "the median", _of("(percentile_cont(0.5) within group (order by {c}))::numeric"),
    ),
    "expect_column_stdev_to_be_between": ("the sample standard deviation", _of("stddev_samp({c})")),
    "expect_column_unique_value_count_to_be_between": ("the number of different values", _of("count(distinct {c})")),
    "expect_column_proportion_of_unique_values_to_be_between": (
        "different values per row with a value",
        _of("case when count({c}) = 0 then 0 else count(distinct {c})::numeric / count({c}) end"),
    ),
    "expect_column_to_exist": ("whether the column is there", _exists),
    "unexpected_rows_expectation": ("the number of rows of its query", _unexpected_rows),
}  # fmt: skip

#: `mostly` counts others than the rows in which the one column has a value.
_WITHOUT_MOSTLY: Final = frozenset(
    ("expect_column_pair_values_a_to_be_greater_than_b", "expect_column_pair_values_to_be_equal",
     "expect_compound_columns_to_be_unique")
)  # fmt: skip

#: What becomes of each kind, for the documentation.
KINDS: Final = {name: meaning for name, (meaning, _make) in _MAKERS.items()}
