"""What a finding shows beside its rows: which values are wrong, pictures, and what in the schema let it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports import diagrams
from order_audit.reports.diagrams.balance import short
from order_audit.reports.diagrams.lineage import as_it_is, as_it_should_be
from order_audit.reports.document import Balance, Document, Lineage, Result, SchemaFinding
from order_audit.reports.formatting import plural

#: The columns that are about which order names which.
_REFERENCES: Final = {"order_ref", "customer_id", "ancestor_customer_id"}
#: Findings with the same rows that are named.
_SHARED: Final = 5
#: What a weakness of the schema has to do with violations, by whether it allows them.
_RELATIONS: Final = {True: "Let in by", False: "Hidden by"}


@dataclass(frozen=True)
class Figure:
    """Pictures that belong together, each with what it says."""

    caption: str
    drawings: list[tuple[str, Markup]]


def highlighted_columns(found: Result) -> list[frozenset[str]]:
    """Per example, the columns whose values are what is wrong."""
    columns = frozenset(found.highlight or ())
    each = found.highlight_in
    return [frozenset(each[place]) if each else columns for place in range(len(found.examples))]


def figures(found: Result) -> list[Figure]:
    """What is drawn of a finding."""
    references = bool(_REFERENCES & {*(found.highlight or ())})
    said: set[str] = set()
    drawn = [_lineage(it, said, references=references) for it in found.lineages or ()]
    # a balance alone is a figure, and no picture
    balances = found.balances or ()
    return drawn + [_balance(it) for it in balances if it.order_amount is not None or it.live_orders is not None]


def schema_causes(found: Result, document: Document) -> list[tuple[str, list[tuple[SchemaFinding, str]]]]:
    """The findings on the schema that have to do with it, by what they have to do with it, in words; each with which
    violations it does not allow.
    """
    on_schema = {(it.rule, it.object): it for it in document.schema_findings}
    named: dict[str, list[tuple[SchemaFinding, str]]] = {said: [] for said in _RELATIONS.values()}
    for it in found.schema_causes:
        if finding := on_schema.get((it.rule, it.object)):
            named[_RELATIONS[it.allows]].append((finding, it.which))
    return [(said, findings) for said, findings in named.items() if findings]


def overlaps(found: Result, failed: dict[str, Result]) -> tuple[list[tuple[Result, str, str]], int]:
    """Other findings with largely the same rows: each with how many, of which, in words; and how many more there are.

    Largely the same are those that have four fifths of the rows of the smaller of the two.
    """
    told = []
    for it in found.overlaps or ():
        if (other := failed.get(it.rule)) is None:
            continue
        rows, here, there = it.rows, found.violations, other.violations
        if 5 * rows < 4 * min(here, there):
            continue
        if rows == here == there:
            said = f"the same {plural(rows, 'row')}", ""
        elif rows == here:
            said = f"all {rows:,} of these rows" if rows > 1 else "this row", f", among its {there:,}"
        else:
            its = ", all that it has" if rows == there else f", of its {there:,}"
            said = f"{rows:,} of these {here:,} rows", its
        told.append((other, *said))
    return told[:_SHARED], max(len(told) - _SHARED, 0)


def _lineage(found: Lineage, said: set[str], *, references: bool) -> Figure:
    """A lineage as it is and as it should be; what was `said` of an earlier one is not said again."""
    ids = _listed([str(key) for key in found.keys])
    of = f"{'Order' if len(found.keys) == 1 else 'Orders'} {ids}"
    now = diagrams.lineage(f"{of} and what they lead to", as_it_is(found, references=references))
    if not references or not _is_whole(found):
        return Figure(of, [("As it is", now)])
    then = diagrams.lineage(f"{of} as they should be", as_it_should_be(found))
    head, _, rest = (should := _should(found)).partition(": ")
    told = head if should in said else f"{head}: {rest}"
    said.add(should)
    return Figure(of, [("As it is", now), (told, then)])


def _is_whole(found: Lineage) -> bool:
    """Whether all that the orders lead to is there to be drawn."""
    ids = {str(order["order_id"]) for order in found.orders} | {str(id) for id in found.missing}
    return all(order["order_ref"] is None or str(order["order_ref"]) in ids for order in found.orders)


def _should(found: Lineage) -> str:
    """What the other picture is: the one right answer, or one of several."""
    roots = [order for order in found.orders if order["order_id"] == order["order_ref"]]
    if len({order["customer_id"] for order in found.orders}) > 1:
        return "As it could be: a first ancestor for each customer. Else the order is the other customer's: a decision"
    if len(roots) == 1 and not found.missing and roots[0]["order_id"] == as_it_should_be(found)[0].ref:
        return "As it should be: each names the first ancestor"
    return "As it could be: one first ancestor, here the smallest id. Which one it is takes a decision"


def _balance(found: Balance) -> Figure:
    has = found.balance
    needs: list[tuple[str, Any]] = []
    if found.order_amount is not None:
        needs.append((f"order {found.order_id}", found.order_amount))
    live = found.live_orders
    # one live order that is the one above is not told twice
    if live is not None and not (live == 1 and needs and found.live_amount == found.order_amount):
        needs.append((plural(live, "live order") if live else "no live order", found.live_amount))
    of = f"Customer {found.customer_id}"
    said = next((said for name, amount in needs if (said := short(has, name, amount))), "")
    drawn = diagrams.balance(f"{of}: balance and what is to be paid from it", has, needs)
    return Figure(f"{of}: {said}" if said else of, [("", drawn)])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
