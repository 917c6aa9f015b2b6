"""The checks of data contracts, each with the condition that datacontract-cli sends to PostgreSQL."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from order_audit.audit.interop.check import Body, CannotImportError, Check, Groups, Level, Rows, Table, Value
from order_audit.audit.interop.names import listed, literal, quoted
from order_audit.audit.interop.soda_thresholds import with_count, with_value
from order_audit.audit.interop.sql import matches
from order_audit.audit.interop.thresholds import Comparison, duration, number

_THRESHOLDS: Final = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
)  # fmt: skip
#: Metrics of the library, with the names that their checks have in datacontract-cli.
METRICS: Final = {
    "nullValues": "null_values", "missingValues": "missing_values", "invalidValues": "invalid_values",
    "duplicateValues": "duplicate_values", "rowCount": "row_count",
}  # fmt: skip
_PLACEHOLDER: Final = re.compile(r"[`\"']?\$?\{(\w+)\}[`\"']?")
_UNITS: Final = {"d": 86400, "day": 86400, "days": 86400, "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600}

#: What becomes of each part of a contract, for the documentation.
KINDS: Final = {
    "required": "rows with NULL",
    "unique": "values that occur more than once; NULL is ignored",
    "primaryKey": "rows with NULL; values, or combinations, that occur more than once",
    "minLength": "rows with fewer characters",
    "maxLength": "rows with more characters",
    "minimum": "rows below",
    "maximum": "rows above",
    "exclusiveMinimum": "rows at the limit or below, which datacontract-cli counts in two checks",
    "exclusiveMaximum": "rows at the limit or above, which datacontract-cli counts in two checks",
    "pattern": "rows without a match, by PostgreSQL's `~`",
    "enum": "rows with another value",
    "physicalType, logicalType, names": "columns that are missing or of another type, all of a table in one rule",
    "relationships": "rows whose value is not in the other table",
    "quality: nullValues": "rows with NULL",
    "quality: missingValues": "rows with NULL or such a value",
    "quality: invalidValues": "rows with another value, or without a match",
    "quality: duplicateValues": "values, or combinations, that occur more than once",
    "quality: rowCount": "the number of rows",
    "quality: sql": "the number that the query yields",
    "slaProperties: freshness, retention": "the age of the newest, of the oldest value",
}


@dataclass(frozen=True)
class Property:
    """A property of an object: a column of the table."""

    table: Table
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.entry.get("physicalName") or self.entry["name"])

    @property
    def sql(self) -> str:
        return self.table.column(self.name)

    def check(self, title: str, body: Body) -> Check:
        return Check(self.table, "", f"{self.table.name}.{self.name} {title}", "", body, (self.name,))


_Make = Callable[[], Check]


def of_property(one: Property, *, is_whole_key: bool) -> Iterator[tuple[str, _Make]]:
    """Return the checks of a property's own fields, by the names that they have in datacontract-cli."""
    entry = one.entry
    is_key = bool(entry.get("primaryKey"))
    if entry.get("required") or is_key:
        name = "required" if entry.get("required") else "primary_key_required"
        yield name, lambda: one.check("is NULL", Rows(f"{one.sql} is null"))
    if entry.get("unique") or (is_key and is_whole_key):
        name = "unique" if entry.get("unique") else "primary_key_unique"
        yield name, lambda: unique(one.table, (one.name,))
    options = entry.get("logicalTypeOptions")
    options = options if isinstance(options, dict) else {}
    for option, (name, title, template) in _OPTIONS.items():
        if (limit := options.get(option)) is not None:
            condition = template.format(one.sql, literal(limit))
            yield name, functools.partial(one.check, title, Rows(condition))
    if (pattern := options.get("pattern")) is not None:
        yield "regex", lambda: one.check("does not match", Rows(matches(one.sql, str(pattern), negated=True)))
    values = entry.get("enum") or options.get("enum")
    if isinstance(values, list):
        values = [it.get("value") if isinstance(it, dict) else it for it in values]
        yield "enum", lambda: one.check("has a value that is not allowed", Rows(_not_in(one.sql, values)))
    for option in ("minItems", "maxItems", "uniqueItems"):
        if options.get(option) is not None:
            yield option, _unable("it is about the items of an array")


#: Options of a type: the name of the check, its title and its condition.
_OPTIONS: Final = {
    "minLength": ("min_length", "is too short", "length({}) < {}"),
    "maxLength": ("max_length", "is too long", "length({}) > {}"),
    "minimum": ("minimum", "is too small", "{} < {}"),
    "maximum": ("maximum", "is too large", "{} > {}"),
    "exclusiveMinimum": ("exclusive_minimum", "is too small", "{} <= {}"),
    "exclusiveMaximum": ("exclusive_maximum", "is too large", "{} >= {}"),
}


def _unable(reason: str) -> _Make:
    def make() -> Check:
        raise CannotImportError(reason)

    return make


def unique(table: Table, columns: tuple[str, ...]) -> Check:
    """Return the check for values, or combinations, that occur more than once. NULL is ignored."""
    present = " and ".join(f"{table.column(it)} is not null" for it in columns)
    title = f"{table.name}.{columns[0]} is not unique" if len(columns) == 1 else (
        f"{table.name} has a combination twice: {', '.join(columns)}")  # fmt: skip
    return Check(table, "", title, "", Groups(present, "count(*) > 1"), columns)


def reference(one: Property, other: Table, column: str) -> Check:
    """Return the check for values that are not in another table."""
    condition = (
        f"{one.sql} is not null\n"
        f"  and not exists (select from {other} as other_table where other_table.{quoted(column)} = {one.sql})"
    )
    return one.check(f"has no row in {other.name}", Rows(condition))


def quality(table: Table, one: Property | None, kind: str, metric: str, rule: dict[str, Any]) -> Check:
    """Return the check of a quality rule. Raises CannotImportError if it has no equivalent."""
    if kind not in ("library", "sql"):
        raise CannotImportError(f"rules of type {kind} have no equivalent")
    limit = {"critical": _threshold(rule)}
    if kind == "sql":
        return with_value(_of_query(table, one, rule), limit, is_whole=False)  # type: ignore[arg-type]
    percent = str(rule.get("unit") or "").strip().lower() in ("percent", "percentage", "%")
    made = _of_metric(table, one, metric, rule.get("arguments"))
    if percent:
        if not isinstance(made.body, Rows):
            raise CannotImportError("a percentage of it is not defined")
        # rounded as datacontract-cli rounds it, to six digits of a percentage
        share = f"round(count(*) filter (where {made.body.condition}) * 100::numeric / count(*), 6) / 100"
        made = replace(made, body=Value(f"case when count(*) = 0 then 0 else {share} end"))
        return with_value(made, limit, is_whole=False, percent=True)  # type: ignore[arg-type]
    if isinstance(made.body, Groups):
        most = limit["critical"].most()
        if most is None:
            raise CannotImportError("its threshold is no upper limit of the number of values")
        return replace(made, levels=(Level("critical", most),))
    return with_count(made, limit)  # type: ignore[arg-type]


def _of_metric(table: Table, one: Property | None, metric: str, arguments: Any) -> Check:
    arguments = arguments if isinstance(arguments, dict) else {}
    if metric == "rowCount" and one is None:
        return Check(table, "", f"{table.name}: number of rows", "", Value("count(*)"))
    if metric == "duplicateValues":
        columns = (one.name,) if one else tuple(map(str, arguments.get("properties") or ()))
        if not columns:
            raise CannotImportError("it has no properties")
        return unique(table, columns)
    if one is None or metric not in METRICS or metric == "rowCount":
        raise CannotImportError(f"the metric {metric or '?'} has no equivalent here")
    if metric == "nullValues":
        return one.check("is NULL", Rows(f"{one.sql} is null"))
    if metric == "missingValues":
        values = [it for it in arguments.get("missingValues") or () if it is not None]
        condition = f"({one.sql} is null or {one.sql} in ({listed(values)}))" if values else f"{one.sql} is null"
        return one.check("is missing", Rows(condition))
    parts = []
    if arguments.get("validValues") is not None:
        parts.append(_not_in(one.sql, arguments["validValues"]))
    if arguments.get("pattern") is not None:
        parts.append(matches(one.sql, str(arguments["pattern"]), negated=True))
    if not parts:
        raise CannotImportError("it has neither validValues nor a pattern")
    return one.check("is invalid", Rows(f"({' or '.join(parts)})" if len(parts) > 1 else parts[0]))


def _of_query(table: Table, one: Property | None, rule: dict[str, Any]) -> Check:
    query = str(rule.get("query") or "").strip().rstrip(";")
    if not query:
        raise CannotImportError("it has no query")
    names = dict.fromkeys(("model", "table", "object"), str(table))
    if table.schema:
        names["schema"] = quoted(table.schema)
    if one is not None:
        names |= dict.fromkeys(("field", "column", "property"), quoted(one.name))

    def name(match: re.Match[str]) -> str:
        if match[1] not in names:
            raise CannotImportError(f"its query has a parameter {match[1]}")
        return names[match[1]]

    query = _PLACEHOLDER.sub(name, query)
    # the column may have any name
    wrapped = f"select q.value\nfrom (\n{query}\n) as q (value)"
    title = f"{table.name}: {rule.get('description') or 'the number of a query'}"
    return Check(table, "", title, "", Value(wrapped, is_query=True), (one.name,) if one else ())


def age(table: Table, column: str, sla: dict[str, Any]) -> Check:
    """Return the check for the age of the newest value (freshness), or of the oldest one (retention)."""
    unit = str(sla.get("unit") or "d").lower()
    if unit not in _UNITS or isinstance(sla.get("value"), bool) or not isinstance(sla.get("value"), int):
        raise CannotImportError("only whole days and hours have an equivalent")
    which = "max" if sla["property"] == "freshness" else "min"
    seconds = int(sla["value"]) * _UNITS[unit]
    if seconds <= 0:
        raise CannotImportError("its limit is not above 0")
    # a timestamp without time zone is in UTC; it must be below the limit, by a microsecond at least
    value = f"(extract(epoch from now()) - extract(epoch from {which}({table.column(column)}))) * interval '1 second'"
    bound = f"at_most {duration(seconds - 1, '.999999')}"
    title = f"{table.name}.{column}: age of the {'newest' if which == 'max' else 'oldest'} value"
    return Check(table, "", title, "", Value(value), (column,), levels=(Level("critical", bound=bound),))


def _not_in(column: str, values: Any) -> str:
    kept = [it for it in values if it is not None] if isinstance(values, list) else []
    if not kept or any(isinstance(it, list | dict) for it in kept):
        raise CannotImportError("it has no list of values")
    return f"{column} not in ({listed(kept)})"


def _threshold(rule: dict[str, Any]) -> Comparison:
    # the first of them counts
    key = next((it for it in _THRESHOLDS if rule.get(it) is not None), None)
    if key is None:
        raise CannotImportError("it has no threshold")
    value = rule[key]
    if key.endswith("Between"):
        if not isinstance(value, list) or len(value) != 2:
            raise CannotImportError(f"{key} is no pair of limits")
        return Comparison(number(value[0], key), number(value[1], key), negated=key == "mustNotBeBetween")
    limit = number(value, key)
    if key in ("mustBe", "mustNotBe"):
        return Comparison(limit, limit, negated=key == "mustNotBe")
    strict = "Equal" not in key
    return Comparison(low=limit, strict_low=strict) if "Greater" in key else Comparison(high=limit, strict_high=strict)
