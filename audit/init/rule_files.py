"""Rule files: candidates that hold, the most useful of each table, as texts with their places in the suite's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from order_audit.audit.init.candidate import EXCEPTIONS, GROUPED, KINDS, Candidate, Omitted
from order_audit.audit.init.facts import Column, Table
from order_audit.audit.init.names import slug
from order_audit.reports.formatting import plural

#: Files of a table.
MOST: Final = 15
_TOLERATED: Final = f"{float(EXCEPTIONS * 100):g} %"
#: By kind of which a table has one file: its name, title and the first words of the remark on its columns.
_GROUPS: Final = {
    "not_null": ("not_null", "{table}: value is missing"),
    "not_blank": ("not_blank", "{table}: text is blank"),
    "not_negative": ("not_negative", "{table}: number is negative"),
    "not_in_future": ("not_in_future", "{table}: time is in the future"),
    "range": ("in_range", "{table}: number out of range"),
}


@dataclass(frozen=True)
class RuleFile:
    """A rule: its area and name, the candidates that it is made of (all of one kind and table), and its text."""

    area: str
    name: str
    candidates: tuple[Candidate, ...]
    text: str
    query: str

    @property
    def id(self) -> str:
        """The rule's id."""
        return f"{self.area}.{self.name}"

    @property
    def first(self) -> Candidate:
        """The first candidate, which has the kind and the table of all."""
        return self.candidates[0]


def areas(tables: Iterable[Table]) -> dict[int, str]:
    """Return the area of each table by oid: its name; with its schema where two are equal, and a number at worst."""
    known = list(tables)
    names = [slug(table.name) or "table" for table in known]
    found: dict[int, str] = {}
    for table, name in zip(known, names, strict=True):
        wanted = name if names.count(name) == 1 else slug(f"{table.schema} {table.name}") or name
        found[table.oid] = _free(wanted, found.values())
    return found


def rule_files(
    area: str, candidates: Sequence[Candidate], key: Sequence[Column], date: str, *, is_key: bool
) -> tuple[list[RuleFile], list[Omitted]]:
    """Return the files of a table, the most useful first, and what is left out.

    `key` has the columns that describe its rows, and identify each if `is_key`.
    """
    omitted: list[Omitted] = []
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for it in candidates:
        if not it.is_within_limit:
            reason = f"{plural(it.broken, it.unit)} of {it.checked:,} would break it"
            reason += f": {it.title}" if it.kind == "reference" else ""
            omitted.append(Omitted(it.subject, KINDS[it.kind][1], reason, near=it.exceptions if it.is_near else ""))
        elif it.kind in GROUPED and not it.finds_faults:
            groups.setdefault((it.kind, "mostly" if it.broken else ""), []).append(it)
        else:
            groups.setdefault((it.kind, ", ".join(column.name for column in it.columns)), []).append(it)
    order = list(KINDS)
    ranked = sorted(
        (part for group in groups.values() for part in _tolerable(group)),
        key=lambda group: (not group[0].finds_faults, order.index(group[0].kind)),
    )
    for group in ranked[MOST:]:
        reason = f"the table has {MOST} more useful rules"
        omitted += [Omitted(it.subject, KINDS[it.kind][1], reason) for it in group]
    files: list[RuleFile] = []
    for group in ranked[:MOST]:
        name = _free(_name(group), [file.name for file in files])
        query = _query(group, key)
        files.append(RuleFile(area, name, tuple(group), _text(group, key, query, date, is_key=is_key), query))
    return files, omitted


def _tolerable(group: list[Candidate]) -> list[list[Candidate]]:
    """The candidates as one group, or each by itself if the exceptions of all are too many together."""
    together = Fraction(sum(it.broken for it in group)) <= group[0].limit * min(it.checked for it in group)
    return [group] if together else [[it] for it in group]


def _free(wanted: str, taken: Iterable[str]) -> str:
    used, number, name = set(taken), 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _name(group: Sequence[Candidate]) -> str:
    it = group[0]
    if it.kind in _GROUPS and (len(group) > 1 or not it.broken):
        return f"{'mostly_' if it.broken else ''}{_GROUPS[it.kind][0]}"
    column, *others = [slug(column.name) or "column" for column in it.columns] or [""]
    names: Mapping[str, str] = {
        "key": "key_is_unique",
        "freshness": "is_fresh",
        "row_count": "row_count",
        "reference": f"{'_'.join([column, *others])}_is_in_{slug(it.target)}",
        "unique": f"{column}_is_unique",
        "allowed_values": f"{column}_is_known",
        "order": f"{column}_not_above_{''.join(others)}",
        "format": f"{column}_has_its_format",
        "dependency": f"{column}_has_one_{''.join(others)}",
    }
    return names.get(it.kind, f"{column}_{it.kind}")


def _query(group: Sequence[Candidate], key: Sequence[Column]) -> str:
    it = group[0]
    if it.query:
        return it.query
    columns = dict.fromkeys([*(column.sql for column in key), *(c.sql for it in group for c in it.columns)])
    listed = _wrapped([f"t.{column}" for column in columns])
    conditions = "\n  or ".join(it.condition for it in group)
    return f"select {listed}\nfrom {it.table.sql} as t\nwhere {conditions}"


def _wrapped(names: Sequence[str]) -> str:
    """Names in a list, on lines of at most 120 characters where that is possible."""
    lines, width = [""], len("select ")
    for name in names:
        if width + len(name) + 2 > 120 and lines[-1]:
            lines.append("")
            width = len("  ")
        lines[-1] += f"{name}, "
        width += len(name) + 2
    return "\n  ".join(line.rstrip() for line in lines).removesuffix(",")


def _text(group: Sequence[Candidate], key: Sequence[Column], query: str, date: str, *, is_key: bool) -> str:
    it = group[0]
    title = _GROUPS[it.kind][1].format(table=it.table.shown) if len(group) > 1 else it.title
    identified = it.key or tuple(column.sql for column in key)
    lines = [f"-- title: {title}", f"-- severity: {it.severity}"]
    lines += [f"-- measure: {it.measure[0]}", f"-- {it.measure[1]}"] if it.measure else []
    lines += [f"-- key: {', '.join(identified)}"] if not it.measure else []
    lines += [f"-- tolerate: {_TOLERATED}"] if it.broken and not it.finds_faults else []
    lines += [f"-- why: {it.why}", f"-- Proposed on {date} from {plural(it.checked, it.unit)}{_held(group)}"]
    if not it.key and not it.measure and not is_key:
        lines.append("-- The table has no key: these columns may repeat, and each row counts.")
    lines += [f"-- * {figure}" for group_it in group for figure in group_it.figures]
    return "\n".join(lines) + f"\n{query}\n"


def _held(group: Sequence[Candidate]) -> str:
    if group[0].measure:
        return "."
    if not group[0].broken:
        return ": none breaks it."
    broken = ", ".join(f"{it.broken:,} ({it.columns[0].name})" if len(group) > 1 else f"{it.broken:,}" for it in group)
    if group[0].finds_faults:
        return f"; broken: {broken}. A run fails on them: repair them, or add a line 'tolerate'."
    return f"; exceptions: {broken}. Without the line 'tolerate', a run fails on them."
