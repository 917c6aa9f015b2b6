"""The first rows that an automatic fix changes, before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports import escaping
from order_audit.reports.document import ChangedRow, Document, Result
from order_audit.reports.formatting import plural

_ROWS: Final = 3
_COLUMNS: Final = 4
#: Characters shown of a value, and of these, at least how many before the first difference.
_SHOWN: Final = 120
_BEFORE: Final = 30


@dataclass(frozen=True)
class ShownRow:
    """A changed row: its key, the changes of its columns, and what is not shown."""

    key: str
    changes: list[tuple[str, Markup]]
    rest: str


def examples(result: Result, document: Document) -> list[ShownRow]:
    """Return the first rows that the automatic fix of a finding changes; none without a plan of the fixes."""
    planned = document.fix_plan.fixes if document.fix_plan else ()
    rows = next((it.examples for it in planned if it.rule == result.rule), ())
    return [_row(row, result.table) for row in rows[:_ROWS]]


def _row(row: ChangedRow, table: str | None) -> ShownRow:
    key = ", ".join(f"{name} {value}" for name, value in row.key.items())
    named = key if row.table == table else f"{row.table} {key}"
    if row.after is None:
        return ShownRow(named, [], "deleted")
    columns = list(row.before)
    more = len(columns) - _COLUMNS
    changes = [(name, _change(row.before[name], row.after.get(name))) for name in columns[:_COLUMNS]]
    return ShownRow(named, changes, f"and {plural(more, 'more column')}" if more > 0 else "")


def _change(before: Any, after: Any) -> Markup:
    if before == after:
        return Markup("{} (changed in masked characters)").format(_value(before, 0))
    start = _start(before, after)
    return Markup("{} → {}").format(_value(before, start), _value(after, start))


def _start(before: Any, after: Any) -> int:
    """Return where the shown parts of two values begin, so that they have the first difference; 0 if they are short."""
    texts = _text(before), _text(after)
    if max(map(len, texts)) <= _SHOWN:
        return 0
    same = next((place for place, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
    return max(same - _BEFORE, 0)


def _value(value: Any, start: int) -> Markup:
    if value is None:
        return Markup('<i class="none">null</i>')
    whole = _text(value)
    if not whole:
        return Markup('<i class="none">empty</i>')
    part = whole[start : start + _SHOWN]
    shown = Markup("<bdi>{}</bdi>").format(escaping.visible(part, evidence=True))
    return Markup("{}{}{}").format("…" * (start > 0), shown, "…" * (start + len(part) < len(whole)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
