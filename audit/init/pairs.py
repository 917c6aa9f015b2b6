"""Candidates on two columns of a table: one never exceeds the other, or a code determines a name or place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from order_audit.audit.init.candidate import Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.names import CYCLES, is_identifier, words

#: Words of names that differ in nothing else: the first column's values are not above the second's.
_ORDERED = [
    ("start", "end"), ("started", "ended"), ("starts", "ends"), ("begin", "end"), ("begins", "ends"),
    ("start", "finish"), ("started", "finished"), ("began", "ended"), ("from", "to"), ("from", "until"),
    ("since", "until"), ("min", "max"), ("minimum", "maximum"), ("low", "high"), ("lower", "upper"), ("first", "last"),
    ("created", "updated"), ("created", "modified"), ("created", "deleted"), ("created", "closed"),
    ("opened", "closed"), ("open", "close"), ("birth", "death"), ("born", "died"), ("ordered", "shipped"),
    ("ordered", "delivered"), ("shipped", "delivered"), ("order", "shipped"), ("hired", "left"),
    ("hire", "termination"),
    ("issued", "due"), ("invoice", "due"), ("requested", "approved"), ("submitted", "approved"), ("sent", "received"),
    ("received", "processed"), ("queued", "started"), ("checkin", "checkout"), ("departure", "arrival"),
]  # fmt: skip
#: Of these, pairs of numbers that may be in any order: prices.
_TIMES_ONLY = {("open", "close"), ("from", "to"), ("first", "last")}
#: Last words of names of what a code stands for.
_NAMES = ("name", "title", "label", "description", "desc")
#: Names of codes of places, and of what they determine.
_POSTAL = (["zip"], ["zipcode"], ["zip", "code"], ["postcode"], ["post", "code"], ["postal", "code"])
_PLACES = ("city", "town", "state", "province", "county", "region", "country")
_ENOUGH = 20


def of_pairs(found: TableFigures) -> Iterator[Candidate | Omitted]:
    """Yield candidates of each pair of columns whose names belong together."""
    for first, second in permutations(found.columns.values(), 2):
        if _are_ordered(first, second):
            yield from _ordered(found, first, second)
        if _names_the_other(first, second):
            yield from _determined(found, first, second)


def _are_ordered(first: Figures, second: Figures) -> bool:
    if first.column.family != second.column.family or first.column.family not in ("whole", "number", "time"):
        return False
    one, other = words(first.name), words(second.name)
    different = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    if one[-1:] and one[-1] in CYCLES and first.column.family != "time":
        return False
    if len(one) != len(other) or len(different) != 1 or different[0] not in _ORDERED:
        return False
    return first.column.family == "time" or different[0] not in _TIMES_ONLY


def _ordered(found: TableFigures, first: Figures, second: Figures) -> Iterator[Candidate | Omitted]:
    if min(first.values, second.values) < _ENOUGH:
        yield Omitted(f"{found.table.shown} ({first.name}, {second.name})", "order", "too few rows have both values")
        return
    above = "after" if first.column.family == "time" else "above"
    yield Candidate(
        "order", found.table, (first.column, second.column),
        f"{found.table.shown}.{first.name} is {above} {second.name}",
        f"The names say that the first value is not {above} the second; a row in which it is has swapped or wrong"
        " values.",
        min(first.values, second.values), (), f"t.{first.column.sql} > t.{second.column.sql}",
    )  # fmt: skip


def _names_the_other(code: Figures, name: Figures) -> bool:
    """Whether names are like `carrier_code` or `carrier`, and `carrier_name` or `carrier`; or `zip` and `city`."""
    one, other = words(code.name), words(name.name)
    if name.column.family == "text" and other:
        # shipping_zip and shipping_city, if anything is before
        if other[-1] in _PLACES and any(one == [*other[:-1], *postal] for postal in _POSTAL):
            return True
        if one[:-1] == other and is_identifier(code.name):
            return True
    if name.column.family != "text" or not other or other[-1] not in _NAMES or len(other) < 2:
        return False
    stem = other[:-1]
    return one == stem or (one[:-1] == stem and is_identifier(code.name))


def _determined(found: TableFigures, code: Figures, name: Figures) -> Iterator[Candidate | Omitted]:
    subject = f"{found.table.shown} ({code.name}, {name.name})"
    if code.column.family not in ("whole", "text", "uuid", "enum") or code.all_differ or code.distinct < 2:
        return
    if code.values < 5 * code.distinct or code.values < _ENOUGH:
        yield Omitted(subject, "functional dependency", "too few rows repeat a code")
        return
    value = f"t.{code.column.sql}"
    yield Candidate(
        "dependency", found.table, (code.column, name.column), f"{code.name} has several values of {name.name}",
        f"A value of {code.name} belongs to one of {name.name}; a second one is a spelling, or a wrong code.",
        code.distinct, (f"{code.distinct:,} different values of {code.name} in {code.values:,} rows",),
        query=f"select {value}, min(t.{name.column.sql}) as first_value, max(t.{name.column.sql}) as last_value\n"
        f"from {found.table.sql} as t\nwhere {value} is not null\ngroup by {value}\n"
        f"having count(distinct t.{name.column.sql}) > 1",
        key=(code.column.sql,),
    )  # fmt: skip
