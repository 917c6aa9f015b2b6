"""A kind of defect.

A kind has the name of its rule. Its labels are all violations of the defect, consequences included. Its `sql` has
expressions by the name of a line `-- defects: NAME` in `bulk/*.sql`, which is replaced by a branch for each kind with
such an expression. The expression may use the columns of the statement around that line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

#: The status of a lineage's last order, where it has to be a live one.
LIVE: Final = "case when o.fate < 75 then 'active' when o.fate < 90 or o.length > 1 then 'paused' else 'pending' end"


class Label(NamedTuple):
    """A rule that some orders of a lineage violate: from step `first` to step `last`, -1 being the last step."""

    rule: str
    first: int = -1
    last: int = -1
    variant: int | None = None


class LineageKind(NamedTuple):
    """A defect of a lineage, or of a pair of lineages.

    `rows` is the number of orders of one unit, `planted` the number with the defect. The lineages of a pair have
    `length` and `length + grow` steps. `heads`: ordinary recreations may precede the defect. `free` has the steps that
    may also have an order defect; `filled` is the step that may only have a bad schedule. `owner`: the customer has
    only orders of this kind. A `purged` lineage lacks its first order. `sql` has the expressions of the kind's rows.
    """

    name: str
    labels: tuple[Label, ...]
    rows: int = 1
    planted: int = 1
    lineages: int = 1
    length: int = 1
    grow: int = 0
    heads: bool = False
    free: tuple[int, int] | None = None
    filled: int | None = None
    owner: bool = False
    purged: bool = False
    variants: int = 1
    sql: Mapping[str, str] = {}


class OrderKind(NamedTuple):
    """A defect of one order, whatever its lineage; of `contents` each is a way to have it."""

    name: str
    contents: tuple[Content, ...]


class Content(NamedTuple):
    """Values of an order: %1$s is its lineage's number, %2$s its own. None keeps the value."""

    follows: tuple[str, ...] = ()
    delivery: tuple[str | None, str] | None = None
    status: str | None = None
    negative: bool = False
    drifts: bool = False


class CustomerKind(NamedTuple):
    """A defect of one customer: of its texts, or of the balance of one without orders. `sql` is as for lineages."""

    name: str
    sql: Mapping[str, str]


class CustomerLabel(NamedTuple):
    """A rule that the customers of a kind violate; where `shared` is set, only if they have several of its lineages."""

    kind: str
    rule: str
    variant: int | None = None
    shared: bool = False


def last(name: str, *follows: Label) -> tuple[Label, ...]:
    """The label of a rule that the last order of a lineage violates, and those that follow from it."""
    return (Label(name), *follows)
