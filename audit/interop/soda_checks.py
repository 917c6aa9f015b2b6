"""The checks of Soda contracts, each with the condition that Soda sends to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Any, Final

from order_audit.audit.interop.check import CannotImportError, Check, Level, Repeats, Rows, Table, Value
from order_audit.audit.interop.columns import Column, wrong
from order_audit.audit.interop.names import listed, literal, quoted
from order_audit.audit.interop.soda_thresholds import Levels, levels, with_count, with_value
from order_audit.audit.interop.sql import matches
from order_audit.audit.interop.thresholds import Comparison, duration

_NONE: Final = Comparison(0, 0)
_MISSING: Final = ("missing_values", "missing_format")
_VALIDITY: Final = (
    "valid_values", "invalid_values", "valid_format", "invalid_format", "valid_min", "valid_max", "valid_length",
    "valid_min_length", "valid_max_length", "valid_reference_data",
)  # fmt: skip
_FUNCTIONS: Final = {
    "avg": "avg({})", "max": "max({})", "min": "min({})", "sum": "sum({})", "avg_length": "avg(length({}))",
    "max_length": "max(length({}))", "min_length": "min(length({}))",
}  # fmt: skip
#: Synonyms of types, as Soda knows them, and what information_schema calls them.
_TYPES: Final = {
    "varchar": "character varying", "char": "character", "int": "integer", "int4": "integer", "int8": "bigint",
    "int2": "smallint", "float4": "real", "float8": "double precision", "timestamp": "timestamp without time zone",
    "decimal": "numeric",
}  # fmt: skip
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class Given:
    """A check of a table or of one of its columns; `columns` are all columns of the contract."""

    table: Table
    column: dict[str, Any]
    body: dict[str, Any]
    columns: list[dict[str, Any]]

    @property
    def sql(self) -> str:
        """The SQL that reads the column."""
        if not self.column:
            raise CannotImportError("it belongs to a column")
        return self.table.column(self.name)

    @property
    def name(self) -> str:
        return str(self.column.get("name", ""))

    @property
    def threshold(self) -> dict[str, Any]:
        found = self.body.get("threshold")
        return found if isinstance(found, dict) else {}

    @property
    def is_percent(self) -> bool:
        return self.threshold.get("metric") == "percent"

    def settings(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Settings of the check, or those of the column if the check has none of them."""
        own = {it: self.body[it] for it in names if self.body.get(it) is not None}
        return own or {it: self.column[it] for it in names if self.column.get(it) is not None}


def dataset(name: str) -> Table:
    """Return the table of `source/database/schema/table`. Raises CannotImportError for another form."""
    parts = name.split("/")
    if len(parts) < 3:
        return Table(parts[-1])
    return Table(parts[-1], parts[-2])


def check(kind: str, given: Given) -> Check:
    """Return the check, without its name. Raises CannotImportError if it has no equivalent."""
    if kind not in _MAKERS:
        raise CannotImportError("this kind of check has no equivalent")
    return _MAKERS[kind][1](given)


def _check(given: Given, title: str, body: Any, columns: tuple[str, ...] = ()) -> Check:
    columns = columns or ((given.name,) if given.name else ())
    return Check(given.table, "", title, "", body, columns)


def missing(given: Given) -> str:
    """Return the condition of a missing value."""
    found = given.settings(_MISSING)
    parts = [f"{given.sql} is null"]
    if "missing_values" in found:
        parts.append(f"{given.sql} in ({_values(found['missing_values'])})")
    if "missing_format" in found:
        parts.append(matches(given.sql, _regex(found["missing_format"])))
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def invalid(given: Given) -> str:
    """Return the condition of an invalid value, or nothing without settings."""
    found, column = given.settings(_VALIDITY), given.sql
    parts = []
    if "valid_values" in found:
        parts.append(f"{column} not in ({_values(found['valid_values'])})")
    if "invalid_values" in found:
        parts.append(f"{column} in ({_values(found['invalid_values'])})")
    if "valid_format" in found:
        parts.append(matches(column, _regex(found["valid_format"]), negated=True))
    if "invalid_format" in found:
        parts.append(matches(column, _regex(found["invalid_format"])))
    for name, value, sign in (
        ("valid_min", column, "<"), ("valid_max", column, ">"), ("valid_length", f"length({column})", "<>"),
        ("valid_min_length", f"length({column})", "<"), ("valid_max_length", f"length({column})", ">"),
    ):  # fmt: skip
        if name in found:
            parts.append(f"{value} {sign} {literal(found[name])}")
    if "valid_reference_data" in found:
        parts.append(_unreferenced(given, found["valid_reference_data"]))
    return f"({' or '.join(parts)})" if len(parts) > 1 else "".join(parts)


def _unreferenced(given: Given, reference: Any) -> str:
    if not isinstance(reference, dict) or not reference.get("dataset") or not reference.get("column"):
        raise CannotImportError("valid_reference_data lacks dataset or column")
    other = f"other_table.{quoted(str(reference['column']))}"
    return f"not exists (select from {dataset(str(reference['dataset']))} as other_table where {other} = {given.sql})"


def _values(values: Any) -> str:
    kept = [it for it in values if it is not None] if isinstance(values, list) else []
    if not kept or len(kept) != len(values) or any(isinstance(it, list | dict) for it in kept):
        raise CannotImportError("a list of values is empty or has a null")
    return listed(kept)


def _regex(form: Any) -> str:
    if not isinstance(form, dict) or not isinstance(form.get("regex"), str):
        raise CannotImportError("a format has no regex")
    return str(form["regex"])


def _counted(given: Given, title: str, condition: str, total: str = "count(*)") -> Check:
    """Return a check on the rows of a condition, or on their share of some rows."""
    made = _check(given, title, Rows(condition))
    found = levels(given.threshold, _NONE)
    if not given.is_percent:
        return with_count(made, found)
    share = f"case when {total} = 0 then 0 else count(*) filter (where {condition})::numeric / {total} end"
    return with_value(replace(made, body=Value(share)), found, is_whole=False, percent=True)


def _missing(given: Given) -> Check:
    return _counted(given, f"{given.table.name}.{given.name} is missing", missing(given))


def _invalid(given: Given) -> Check:
    condition = invalid(given)
    if not condition:
        raise CannotImportError("it says nothing about validity")
    return _counted(given, f"{given.table.name}.{given.name} is invalid", f"not {missing(given)} and {condition}"
                    if missing(given).startswith("(") else f"{given.sql} is not null and {condition}")  # fmt: skip


def _failed_rows(given: Given) -> Check:
    title = f"{given.table.name}: failed rows"
    if expression := given.body.get("expression"):
        return _counted(given, title, f"(\n{dedent(str(expression)).strip()}\n)")
    query = given.body.get("query") or given.body.get("keys_query")
    if not query or given.is_percent:
        raise CannotImportError("only expression, and query with a number of rows, have an equivalent")
    if given.body.get("filter"):
        raise CannotImportError("a filter of a query has no equivalent")
    counted = f"select count(*) as value\nfrom (\n{dedent(str(query)).strip().rstrip(';')}\n) as failed_rows"
    return with_count(_check(given, title, Value(counted, is_query=True)), levels(given.threshold, _NONE))


def _duplicate(given: Given) -> Check:
    if given.is_percent:
        raise CannotImportError("a percentage of duplicates has no equivalent")
    found = levels(given.threshold, _NONE)
    if given.column:
        present = f"not {missing(given)}" if missing(given).startswith("(") else f"{given.sql} is not null"
        made = _check(given, f"{given.table.name}.{given.name} repeats", Repeats(present, but_first=True))
        return with_count(made, found)
    names = given.body.get("columns")
    if not isinstance(names, list) or not names:
        raise CannotImportError("it has no columns")
    columns = tuple(map(str, names))
    title = f"{given.table.name} has a combination twice: {', '.join(columns)}"
    return with_count(_check(given, title, Repeats("", but_first=True), columns), found)


def _row_count(given: Given) -> Check:
    made = _check(given, f"{given.table.name}: number of rows", Value("count(*)"))
    return with_value(made, levels(given.threshold, Comparison(low=0, strict_low=True)), is_whole=True)


def _aggregate(given: Given) -> Check:
    function = str(given.body.get("function"))
    if function not in _FUNCTIONS:
        raise CannotImportError(f"the function '{function}' has no equivalent")
    # a value counts unless it is missing, or, where something is said on validity, both missing and invalid
    left_out = f"({missing(given)} and {invalid(given)})" if invalid(given) else missing(given)
    kept = f"case when not {left_out} then {given.sql} end" if left_out != f"{given.sql} is null" else given.sql
    made = _check(given, f"{given.table.name}.{given.name}: {function}", Value(_FUNCTIONS[function].format(kept)))
    return with_value(made, levels(given.threshold, None), is_whole=False)


def _metric(given: Given) -> Check:
    expression = given.body.get("expression")
    if not expression:
        raise CannotImportError("a query of a metric has no equivalent")
    made = _check(given, f"{given.table.name}: {given.body.get('name') or 'metric'}", Value(str(expression).strip()))
    return with_value(made, levels(given.threshold, None), is_whole=False)


def _freshness(given: Given) -> Check:
    name, unit = given.body.get("column"), str(given.threshold.get("unit") or "hour")
    if not name or unit not in _SECONDS or given.body.get("now_variable"):
        raise CannotImportError("only a column with a unit of minutes, hours or days has an equivalent")
    # whole seconds, as Soda counts them; a timestamp without a time zone is in UTC
    newest = f"extract(epoch from max({given.table.column(str(name))}))"
    age = f"floor(extract(epoch from now()) - {newest}) * interval '1 second'"
    made = _check(given, f"{given.table.name}: age of the newest {name}", Value(age), (str(name),))
    return replace(made, levels=_durations(levels(given.threshold, None), _SECONDS[unit]))


def _schema(given: Given) -> Check:
    expected = [_column(it) for it in given.columns]
    faults = wrong(
        given.table, expected,
        extra=given.body.get("allow_extra_columns") is not True,
        order=given.body.get("allow_other_column_order") is not True,
    )  # fmt: skip
    return _check(given, f"{given.table.name} has other columns", faults)


def _column(written: dict[str, Any]) -> Column:
    kind = str(written.get("data_type") or "")
    if "${" in kind:
        raise CannotImportError("a variable of Soda gets its value at run time")
    names = ("character_maximum_length", "numeric_precision", "numeric_scale", "datetime_precision")
    numbers = [it if isinstance(it := written.get(name), int) and kind else None for name in names]
    named = ", ".join(f"{name} {it}" for name, it in zip(names, numbers, strict=True) if it is not None)
    shown = f"{kind}, {named}" if named else kind
    return Column(str(written["name"]), (_TYPES.get(kind.lower(), kind.lower()),) if kind else (), shown, *numbers)


def _durations(found: Levels, seconds: int) -> tuple[Level, ...]:
    made = []
    for severity, it in found.items():
        low, high = (None if limit is None else limit * seconds for limit in (it.low, it.high))
        text = replace(it, low=low, high=high).bound(is_whole=True)
        if not text or "-" in text:
            raise CannotImportError("its threshold has no equivalent for a duration")
        kind, _, limits = text.partition(" ")
        limits = " and ".join(duration(int(limit)) for limit in limits.split(" and "))
        made.append(Level(severity, bound=f"{kind} {limits}"))
    return tuple(made)


#: Each kind with what becomes of it.
_MAKERS: Final[dict[str, tuple[str, Callable[[Given], Check]]]] = {
    "missing": ("rows with NULL or a missing value", _missing),
    "invalid": ("rows with an invalid value that is not missing, references included", _invalid),
    "duplicate": ("rows but the first of each value; in one column without missing values", _duplicate),
    "failed_rows": ("rows of an expression; the number of rows of a query", _failed_rows),
    "row_count": ("the number of rows; without a threshold at least 1", _row_count),
    "aggregate": (f"the value of {', '.join(_FUNCTIONS)}", _aggregate),
    "metric": ("the value of an expression", _metric),
    "schema": (
        "columns that are missing, of another type or not expected; another order counts one",
        _schema,
    ),
    "freshness": ("the age of the newest value, in whole seconds", _freshness),
}

#: What becomes of each kind, for the documentation.
KINDS: Final = {name: meaning for name, (meaning, _make) in _MAKERS.items()}
