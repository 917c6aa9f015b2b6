"""The tests of dbt and some of dbt_utils, each with the condition that its macro has on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from order_audit.audit.interop.check import Body, CannotImportError, Check, Groups, Rows, Table
from order_audit.audit.interop.names import folded, literal, quoted, text

#: What becomes of each kind, for the documentation.
KINDS: Final = {
    "not_null": "rows where the column is NULL",
    "unique": "values that occur more than once; NULL is ignored",
    "accepted_values": "different values that are not accepted; NULL is ignored",
    "relationships": "rows whose value is not in the other table; NULL is ignored",
    "dbt_utils.accepted_range": "rows outside of the range; NULL is ignored",
    "dbt_utils.not_accepted_values": "different values that are refused",
    "dbt_utils.expression_is_true": "rows for which the expression is false; NULL is no violation",
    "dbt_utils.unique_combination_of_columns": "combinations that occur more than once; NULL equals NULL",
}


@dataclass(frozen=True)
class Test:
    """A test of a table or of one of its columns, with its arguments; `referenced` resolves ref() and source()."""

    __test__ = False

    table: Table
    column: str
    arguments: dict[str, Any]
    referenced: Callable[[str], Table]

    @property
    def sql(self) -> str:
        """The SQL that reads the column. Raises CannotImportError without one."""
        if not self.column:
            raise CannotImportError("it names no column")
        return self.table.column(self.column)

    @property
    def shown(self) -> str:
        return f"{self.table.name}.{self.column}"


def check(kind: str, test: Test) -> Check:
    """Return the check of a test. Raises CannotImportError if it has no equivalent."""
    make = _MAKERS.get(kind)
    if make is None:
        raise CannotImportError("tests of this kind are macros of the project or of a package")
    title, body, columns = make(test)
    return Check(test.table, "", title, kind, body, columns)


_Made = tuple[str, Body, tuple[str, ...]]


def _not_null(test: Test) -> _Made:
    return f"{test.shown} is NULL", Rows(f"{test.sql} is null"), (test.column,)


def _unique(test: Test) -> _Made:
    return f"{test.shown} is not unique", Groups(f"{test.sql} is not null", "count(*) > 1"), (test.column,)


def _accepted_values(test: Test, refused: bool = False) -> _Made:
    values = test.arguments.get("values")
    if not isinstance(values, list) or not values:
        raise CannotImportError("it has no list of values")
    if test.arguments.get("quote", True):
        listed = ", ".join(text(str(value)) for value in values)
    elif all(isinstance(value, int | float) for value in values):
        listed = ", ".join(map(literal, values))
    else:
        raise CannotImportError("with 'quote: false', its values are SQL expressions")
    words = "a value that is refused" if refused else "a value that is not accepted"
    operator = "in" if refused else "not in"
    return f"{test.shown} has {words}", Groups(f"{test.sql} {operator} ({listed})"), (test.column,)


def _relationships(test: Test) -> _Made:
    other = test.referenced(str(test.arguments.get("to")))
    field = folded(str(test.arguments.get("field")))
    if field is None:
        raise CannotImportError(f"field '{test.arguments.get('field')}' is no name of a column")
    condition = (
        f"{test.sql} is not null\n"
        f"  and not exists (select from {other} as other_table where other_table.{quoted(field)} = {test.sql})"
    )
    return f"{test.shown} has no row in {other.name}", Rows(condition), (test.column,)


def _range(test: Test) -> _Made:
    limits = {name: test.arguments.get(name) for name in ("min_value", "max_value")}
    if all(it is None for it in limits.values()):
        raise CannotImportError("it has neither min_value nor max_value")
    for it in limits.values():
        if it is not None and not (isinstance(it, int | float) or _is_number(it)):
            raise CannotImportError(f"the limit '{it}' is an SQL expression")
    equal = "=" if test.arguments.get("inclusive", True) is True else ""
    kept = [
        f"{test.sql} {sign}{equal} {it}"
        for it, sign in ((limits["min_value"], ">"), (limits["max_value"], "<")) if it is not None
    ]  # fmt: skip
    return f"{test.shown} is out of range", Rows(f"not ({' and '.join(kept)})"), (test.column,)


def _expression(test: Test) -> _Made:
    expression = str(test.arguments.get("expression") or "")
    if not expression:
        raise CannotImportError("it has no expression")
    before = f"{quoted(test.column)} " if test.column else ""
    return (
        f"{test.shown if test.column else test.table.name} violates {expression}",
        Rows(f"not (\n{before}{expression}\n)"),
        (test.column,) if test.column else (),
    )


def _combination(test: Test) -> _Made:
    names = test.arguments.get("combination_of_columns")
    columns = [folded(str(it)) for it in names] if isinstance(names, list) else []
    if not columns or None in columns:
        raise CannotImportError("combination_of_columns is no list of columns")
    if test.arguments.get("quote_columns"):
        columns = [str(it) for it in names or ()]
    found = tuple(it for it in columns if it)
    return f"{test.table.name} has a combination twice: {', '.join(found)}", Groups("", "count(*) > 1"), found


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


_MAKERS: Final[dict[str, Callable[[Test], _Made]]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
    "dbt_utils.accepted_range": _range,
    "dbt_utils.not_accepted_values": lambda test: _accepted_values(test, refused=True),
    "dbt_utils.expression_is_true": _expression,
    "dbt_utils.unique_combination_of_columns": _combination,
}
