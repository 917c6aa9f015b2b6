"""The text of a rule file for a check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from order_audit.audit.interop.check import CannotImportError, Check, Faults, Groups, Repeats, Rows, Value
from order_audit.audit.interop.names import line, quoted
from order_audit.expectations import SuiteError, rule


def rule_text(check: Check, key: Sequence[str], tool: str) -> str:
    """Return the text of the rule file; `key` is the primary key of the table.

    Raises CannotImportError if the text would be no rule.
    """
    names = _key(check, tuple(key))
    header = [("title", line(check.title)), *_limits(check)]
    if names:
        header.append(("key", ", ".join(map(quoted, names))))
    if isinstance(check.body, Value):
        header.append(("measure", "value"))
    header += [
        ("owner", line(check.owner).replace(",", " ")),
        ("tags", ", ".join(dict.fromkeys(line(it).replace(",", " ") for it in check.tags if line(it)))),
        ("links", ", ".join(line(it).replace(",", "%2C") for it in check.links)),
        ("why", line(check.why)),
    ]
    lines = [f"-- {name}: {text}" for name, text in header if text]
    lines += [f"-- (imported from {tool}, {line(check.origin)})", *(f"-- ({line(it)})" for it in check.notes)]
    text = "\n".join([*lines, *_query(check, tuple(key))]) + "\n"
    if any(it.lstrip().startswith("-- include:") or it.lstrip().startswith("--include:") for it in text.split("\n")):
        raise CannotImportError("its SQL has a comment that a rule file would read as the name of a fragment")
    try:
        rule.parse(text, id="imported", suite="imported", path="rule")
    except SuiteError as error:
        raise CannotImportError(f"no rule file can say it: {str(error).partition(' (known')[0]}") from None
    return text


def _key(check: Check, key: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(check.body, Faults):
        return check.body.key
    return check.columns if isinstance(check.body, Groups) else () if isinstance(check.body, Value) else key


def _limits(check: Check) -> list[tuple[str, str]]:
    is_value = isinstance(check.body, Value)
    if len(check.levels) > 1:
        return [
            (level.severity, level.bound if is_value else f"above {level.above} {_rows(level.above)}")
            for level in check.levels
        ]
    (level,) = check.levels
    limits: list[tuple[str, str]] = [("severity", level.severity)]
    if is_value:
        kind, _, bound = level.bound.partition(" ")
        limits.append((kind, bound))
    elif level.above:
        limits.append(("tolerate", f"{level.above} {_rows(level.above)}"))
    return limits


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _query(check: Check, key: tuple[str, ...]) -> list[str]:
    table, body = check.table, check.body
    if isinstance(body, Faults):
        return body.sql.split("\n")
    if isinstance(body, Value):
        if body.is_query:
            return body.sql.strip().removesuffix(";").rstrip().split("\n")
        return [f"select {body.sql} as value", f"from {table}", *_conditions("", check.where)]
    shown = [table.column(name) for name in dict.fromkeys((*key, *check.columns))]
    if isinstance(body, Rows):
        return [f"select {', '.join(shown)}", f"from {table}", *_conditions(body.condition, check.where)]
    columns = ", ".join(table.column(name) for name in check.columns)
    if isinstance(body, Groups):
        counted = _free("occurrences", check.columns)
        return [
            f"select {columns}, count(*) as {counted}",
            f"from {table}",
            *_conditions(body.condition, check.where),
            f"group by {columns}",
            *([f"having {body.having}"] if body.having else []),
        ]
    return _repeats(check, body, key, shown, columns)


def _repeats(check: Check, body: Repeats, key: tuple[str, ...], shown: list[str], columns: str) -> list[str]:
    names = tuple(dict.fromkeys((*key, *check.columns)))
    counted = _free("occurrence" if body.but_first else "occurrences", names)
    order = ", ".join(check.table.column(name) for name in key)
    over = f"partition by {columns} order by {order}" if body.but_first else f"partition by {columns}"
    return [
        f"select {', '.join(f'r.{quoted(name)}' for name in names)}, r.{counted}",
        "from (",
        f"  select {', '.join(shown)},",
        f"    {'row_number()' if body.but_first else 'count(*)'} over ({over}) as {counted}",
        f"  from {check.table}",
        *(f"  {it}" for it in _conditions(body.condition, "")),
        # the words of a file are not indented: a literal may have several lines
        *_conditions("", check.where, "  and" if body.condition else "  where"),
        ") as r",
        f"where r.{counted} > 1",
    ]


def _conditions(own: str, given: str, first: str = "where") -> list[str]:
    lines = [f"{first} {own}"] if own else []
    if given.strip():
        # a line of its own for the bracket: the words may end with a comment
        lines += [f"{'  and' if own else first} (", *given.strip("\n").split("\n"), ")"]
    return lines


def _free(name: str, taken: Iterable[str]) -> str:
    taken = set(taken)
    while name in taken:
        name += "_"
    return name
