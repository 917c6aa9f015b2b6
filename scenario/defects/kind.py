"""What a kind of defect is.

A kind is named by the rule that it is planted for. Its labels are all that the defect violates, consequences included.
Its `sql` is by name of a place in `bulk/*.sql`, where a line `-- defects: NAME` stands for a branch of each kind that
has one: the expression may use what the statement around that line has.
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
    """A defect that takes a lineage, or a pair of them.

    `rows` is the orders of one such unit and `planted` how many of them the defect is planted in; the lineages of
    a pair have `length` and `length + grow` steps. `heads` lets ordinary recreations precede the defect, `free`
    are the steps that may take an order's defect besides, and `filled` is the sound one that may only take a bad
    schedule. `owner` says that the customer has no other orders than those of this kind. A `purged` lineage has
    lost its first order. `sql` is what the kind's rows have in place of what sound ones have.
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
    """What an order is given: %1$s is its lineage's number, %2$s its own. None leaves what is there."""

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
