"""The one statement that a scan runs.

It gathers the violating rows once (`hits`), and sends three kinds of lines over COPY: per rule its sums and its first
examples, then every violating key in order, with the rules it violates. The client keeps none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.catalog import Column, Relation
from audit.impact import stake
from audit.plan import Scan
from audit.sql import quoted
from audit.task import Task

#: Longer evidence is cut: nobody reads it, and it would have to be held in memory.
EVIDENCE_LENGTH = 10_000

_TEXTUAL = {25, 1042, 1043, 705}
_PLAIN = {16, 20, 21, 23, 26, 700, 701, 1700, 1082, 1083, 1114, 1184, 1266}


@dataclass(frozen=True)
class Statement:
    """COPY's text, and where in it the rule's own SQL begins (in a scan of one), so that errors find their place."""

    text: str
    offset: int


def compose(scan: Scan, orders: Mapping[str, Relation], examples: int) -> Statement:
    """Write a scan's statement. `orders` are the tables of orders by schema, `examples` the evidence rows per rule."""
    first = scan.tasks[0]
    slices = first.shape.slices
    if scan.alone or slices is None:
        hits, offset = _alone(first)
        flags = ["true"]
        evidence = [tuple(f"h.e{place}" for place in range(len(first.columns)))]
    else:
        hits, evidence = _shared(scan)
        offset = 0
        flags = [f"h.r{number}" for number in range(len(scan.tasks))]

    tables: dict[str, None] = {}
    lines: list[str] = []
    for number, task in enumerate(scan.tasks):
        if found := stake(task, evidence[number], flags[number], orders):
            tables |= {found.tables: None} if found.tables else {}
            lines.append(f"(select 's', {number}, null::text, x.* from (\n  {found.sums}\n) as x)")
        if examples:
            row = ", ".join(
                f"{_shown(value, column)} as {quoted(name)}"
                for value, column, name in zip(evidence[number], task.columns, evidence_names(task), strict=True)
            )
            lines.append(
                f"(select 'e', {number}, null::text, row_to_json(x.*)::text from (\n"
                f"  select distinct on (h.place) {row}\n  from hits as h\n  where {flags[number]}\n"
                f"  order by h.place nulls first\n  limit {examples}\n) as x)"
            )
    bits = " || ".join(f"{flag}::int::text" for flag in flags) if len(flags) > 1 else "'1'"
    lines.append(f"(select 'k', null::int, {bits}, {_key_of_hit(first)} from hits as h order by h.place nulls first)")

    head = "copy (\nwith hits as materialized (\n"
    withs = "".join(f", {table}" for table in tables)
    body = "\nunion all\n".join(lines)
    return Statement(f"{head}{hits}\n){withs}\n{body}\n) to stdout (format csv)", len(head) + offset)


def _alone(task: Task) -> tuple[str, int]:
    """A rule as its author wrote it, in brackets, its columns renamed by place."""
    names = ", ".join(f"e{place}" for place in range(len(task.columns)))
    place = _place(task, [f"v.e{place}" for place in task.key])
    head = f"select v.*, {place} as place\nfrom (\n"
    return f"{head}{task.shape.body}\n) as v ({names})", len(head)


def _shared(scan: Scan) -> tuple[str, list[tuple[str, ...]]]:
    """Several rules in one pass: the rows that violate any, with a flag for each and every column that any shows."""
    first = scan.tasks[0]
    assert first.shape.slices is not None  # noqa: S101 - plan() put it here for its slices
    columns: dict[str, str] = {}
    evidence: list[tuple[str, ...]] = []
    wheres: list[str] = []
    for task in scan.tasks:
        slices = task.shape.slices
        assert slices is not None  # noqa: S101 - as above
        evidence.append(tuple(f"h.{columns.setdefault(text, f'e{len(columns)}')}" for text in slices.columns))
        wheres.append(slices.where)
    shown = [f"({text}\n) as {name}" for text, name in columns.items()]
    flags = [f"({where}\n) is true as r{number}" for number, where in enumerate(wheres)]
    place = _place(first, [f"({first.shape.slices.columns[place]})" for place in first.key])
    listed = ",\n".join([*shown, *flags, f"{place} as place"])
    any_of = "\nor ".join(f"({where}\n)" for where in wheres)
    return f"select\n{listed}\nfrom {first.shape.slices.origin}\nwhere {any_of}", evidence


def _place(task: Task, key: list[str]) -> str:
    """What a key is sorted by: itself as a number, else the bytes of its text."""
    if task.ordered_as_number and not task.key_is_personal:
        return key[0]
    return f"convert_to({_key_text(task, key)}, 'UTF8')"


def _key_of_hit(task: Task) -> str:
    if task.ordered_as_number and not task.key_is_personal:
        return _key_text(task, ["h.place"])
    return "convert_from(h.place, 'UTF8')"


def _key_text(task: Task, key: list[str]) -> str:
    """A key as it is written: the value, or a JSON array of several; a digest where it would give a person away."""
    columns = [task.columns[place] for place in task.key]
    # equal numerics can be written in several ways: 1 and 1.0
    parts = [
        f"trim_scale({part})" if column.is_numeric else f"({part})" for part, column in zip(key, columns, strict=True)
    ]
    text = f"json_build_array({', '.join(parts)})::text" if len(parts) > 1 else f"{parts[0]}::text"
    if task.key_is_personal:
        return f"'sha256:' || encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return text


def _shown(value: str, column: Column) -> str:
    if column.type in _PLAIN:
        return value
    text = value if column.type in _TEXTUAL else f"{value}::text"
    return f"left({text}, {EVIDENCE_LENGTH})"


def evidence_names(task: Task) -> list[str]:
    """The names of a rule's evidence, each different."""
    return different([column.name for column in task.columns])


def different(names: list[str]) -> list[str]:
    """Names, of which one that comes again gets a number."""
    found: list[str] = []
    for wanted in names:
        name, number = wanted, 2
        while name in found:
            name, number = f"{wanted}_{number}", number + 1
        found.append(name)
    return found
