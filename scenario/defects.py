"""The kinds of defects that generated data may have, what each violates, and how many there are room for.

A kind is named by the rule that it is planted for. Its labels are all that the defect violates, consequences
included: the truth is the sum of the labels, and no rule is asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple


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
    lost its first order.
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


class CustomerLabel(NamedTuple):
    """A rule that the customers of a kind violate; where `shared` is set, only if they have several of its lineages."""

    kind: str
    rule: str
    variant: int | None = None
    shared: bool = False


def _last(name: str, *follows: Label) -> tuple[Label, ...]:
    return (Label(name), *follows)


_SUCCESSOR: Final = "lineage.recreated_order_has_successor"
_OLDER: Final = "lineage.ancestor_is_older"
_CLOSED: Final = "recreation.closed_is_covered_by_balance"
_OVERCOMMITTED: Final = "recreation.customer_is_not_overcommitted"
_COVERED: Final = "recreation.is_covered_by_balance"
_ROUNDING: Final = "recreation.decision_survives_rounding"
_FINITE: Final = "customers.balance_is_finite"
_CENTS: Final = "customers.balance_is_whole_cents"
_NEGATIVE: Final = "customers.balance_is_not_negative"
_IDENTIFIER: Final = "orders.script_name_is_identifier"
_DUPLICATE: Final = "orders.no_duplicate_live_order"
CUSTOMER_EXISTS: Final = "orders.customer_exists"
STATUS_IS_KNOWN: Final = "orders.status_is_known"
#: What comes along with a script that is missing, where the order is active.
WHEN_ACTIVE: Final = ("orders.delivery_args_need_script", "orders.active_order_has_delivery")

LINEAGE_KINDS: Final = (
    LineageKind(
        "lineage.order_ref_exists",
        (Label("lineage.order_ref_exists", 1, -1),),
        rows=3,
        planted=3,
        lineages=2,
        length=2,
        grow=1,
        purged=True,
    ),
    # A chain of three names parents. The second order is left without a successor by that.
    LineageKind(
        "lineage.order_ref_is_first_ancestor",
        _last("lineage.order_ref_is_first_ancestor", Label(_SUCCESSOR, 1, 1)),
        rows=3,
        length=3,
        free=(0, 0),
    ),
    # Cycles of two and of three.
    LineageKind(
        "lineage.is_acyclic",
        (Label("lineage.is_acyclic", 0, -1), Label(_OLDER, 0, 0)),
        rows=5,
        planted=5,
        lineages=2,
        length=2,
        grow=1,
    ),
    LineageKind("lineage.keeps_customer", _last("lineage.keeps_customer"), rows=2, length=2, heads=True, free=(0, -2)),
    LineageKind(_OLDER, (Label(_OLDER, 0, 0),), rows=2, length=2, free=(1, 1)),
    LineageKind(_SUCCESSOR, _last(_SUCCESSOR), heads=True, free=(0, -2)),
    LineageKind(
        "lineage.one_live_order",
        (Label("lineage.one_live_order", -2, -2),),
        rows=2,
        length=2,
        heads=True,
        free=(0, -3),
        filled=-1,
    ),
    LineageKind(
        "lineage.root_is_not_closed",
        _last("lineage.root_is_not_closed"),
        rows=2,
        length=2,
        heads=True,
        free=(1, -2),
        filled=0,
    ),
    # A balance that is equal to the amount, below it, NaN.
    LineageKind(
        _COVERED,
        _last(_COVERED, Label(_CLOSED, 0, -2, variant=2)),
        rows=2,
        length=2,
        heads=True,
        free=(0, -2),
        owner=True,
        variants=3,
    ),
    LineageKind(_CLOSED, (Label(_CLOSED, 0, -1),), rows=2, planted=2, length=2, owner=True, variants=2),
    # The float just above the amount, and some tenths of a cent above it.
    LineageKind(_ROUNDING, _last(_ROUNDING), heads=True, free=(0, -2), owner=True, variants=2),
    LineageKind("orders.live_order_has_amount", _last("orders.live_order_has_amount"), heads=True, free=(0, -2)),
    LineageKind(
        "orders.active_order_has_schedule", _last("orders.active_order_has_schedule"), heads=True, free=(0, -2)
    ),
    # No script, and a blank one.
    LineageKind(
        "orders.active_order_has_delivery",
        _last("orders.active_order_has_delivery", Label(_IDENTIFIER, 0, -1, variant=1)),
        variants=2,
    ),
    LineageKind(
        "orders.api_key_belongs_to_one_customer",
        _last("orders.api_key_belongs_to_one_customer"),
        rows=2,
        planted=2,
        lineages=2,
    ),
    # The second of a pair is the duplicate.
    LineageKind(_DUPLICATE, (Label(_DUPLICATE, variant=1),), rows=2, lineages=2, filled=0, variants=2),
    LineageKind(CUSTOMER_EXISTS, _last(CUSTOMER_EXISTS)),
    # Two live orders, each of them covered. Counted among the customers: no order is at fault.
    LineageKind(_OVERCOMMITTED, (), rows=2, planted=0, lineages=2, filled=0, owner=True),
)

_BULK: Final = "bulk_delivery"

ORDER_KINDS: Final = (
    OrderKind("orders.amount_is_not_negative", (Content(negative=True),)),
    OrderKind(
        WHEN_ACTIVE[0],
        (Content(delivery=(None, '{"campaign": %1$s}')), Content((_IDENTIFIER,), ("", '{"campaign": %1$s}'))),
    ),
    OrderKind(
        "orders.delivery_args_are_object",
        (
            Content(delivery=(_BULK, '["campaign", %1$s]')),
            Content(delivery=(_BULK, r'"{\"campaign\": %1$s}"')),
        ),
    ),
    OrderKind(
        "orders.delivery_args_convert_to_jsonb",
        (
            Content(delivery=(_BULK, r'{"campaign": %1$s, "note": "\u0000"}')),
            Content(delivery=(_BULK, r'{"campaign": %1$s, "note": "\ud83d!"}')),
            Content(delivery=(_BULK, r'{"campaign": %1$s, "\ude00": []}')),
        ),
    ),
    OrderKind(
        "orders.delivery_args_hold_no_secret",
        (
            Content(delivery=("custom_crm", '{"api-key": "made-up-key-%2$s", "campaign": %1$s}')),
            Content(delivery=(_BULK, '{"campaign": %1$s, "sftp": [{"user": "leads", "password": "made-up-%2$s"}]}')),
            Content(delivery=(_BULK, '{"campaign": %1$s, "headers": {"Authorization": "Bearer made-up-%2$s"}}')),
        ),
    ),
    OrderKind(
        "orders.delivery_args_keys_are_unique",
        (
            Content(delivery=(_BULK, '{"batch": 50, "campaign": %1$s, "batch": 60}')),
            Content(delivery=(_BULK, r'{"batch": 50, "campaign": %1$s, "b\u0061tch": 60}')),
        ),
    ),
    OrderKind(
        "orders.custom_crm_has_key",
        (
            Content(delivery=("custom_crm", '{"campaign": %1$s}')),
            Content(delivery=("custom_crm", '{"api-key": "", "campaign": %1$s}')),
            Content(delivery=("custom_crm", '{"campaign": %1$s, "crm": {"api-key": "secret-ref:crm/%2$s"}}')),
        ),
    ),
    OrderKind(
        "orders.email_delivery_has_address",
        (
            Content(delivery=("email_delivery", '{"campaign": %1$s}')),
            Content(delivery=("email_delivery", '{"email_address": "leads-%1$s@example", "campaign": %1$s}')),
            Content(delivery=("email_delivery", '{"email_address": ["leads-%1$s@desk.example.com"]}')),
        ),
    ),
    OrderKind(
        _IDENTIFIER,
        (
            Content(delivery=("Bulk Delivery", '{"batch": 50, "campaign": %1$s}')),
            Content(delivery=("bulk-delivery", '{"batch": 50, "campaign": %1$s}')),
            Content(delivery=("./bulk_delivery.sh", '{"batch": 50, "campaign": %1$s}')),
        ),
    ),
    OrderKind(STATUS_IS_KNOWN, (Content(status="canceled"), Content(status="Active "), Content(status="archived"))),
    OrderKind("orders.schedule_repeats_by_day", (Content(drifts=True),)),
)

#: In the order of which they are dealt out: who shares something with the customer before, the original, comes
#: after a kind that leaves the original alone.
TEXT_KINDS: Final = (
    "customers.phone_is_dialable",
    "customers.email_is_unique",
    "customers.email_is_canonical",
    "customers.no_duplicate",
    "customers.email_is_valid",
    "customers.state_is_usps_code",
    "customers.required_text_is_present",
    "customers.text_is_clean",
    "customers.text_is_normalised",
    "customers.text_is_not_placeholder",
)

#: Kinds of customers that have no orders, so that nothing follows for any.
IDLE_KINDS: Final = (_FINITE, _NEGATIVE, _CENTS)

CUSTOMER_LABELS: Final = (
    *(CustomerLabel(kind, kind) for kind in (*TEXT_KINDS, *IDLE_KINDS, _OVERCOMMITTED)),
    CustomerLabel(_FINITE, _NEGATIVE, variant=2),  # minus infinity
    CustomerLabel(_COVERED, _OVERCOMMITTED, variant=1),
    CustomerLabel(_COVERED, _OVERCOMMITTED, variant=2),
    CustomerLabel(_COVERED, _OVERCOMMITTED, variant=0, shared=True),
    CustomerLabel(_COVERED, _FINITE, variant=2),
    CustomerLabel(_ROUNDING, _CENTS),
    CustomerLabel(_ROUNDING, _OVERCOMMITTED, shared=True),
)

RULES: Final = tuple(
    sorted(
        {
            *(kind.name for kind in LINEAGE_KINDS),
            *(kind.name for kind in ORDER_KINDS),
            *TEXT_KINDS,
            *IDLE_KINDS,
        }
    )
)

_ORDER_RULES: Final = len(LINEAGE_KINDS) - 1 + len(ORDER_KINDS)
_CUSTOMER_RULES: Final = len(TEXT_KINDS) + len(IDLE_KINDS) + 1
#: Orders that one planted order of each lineage kind takes, and some to spare for the defects of single orders.
_ORDERS_PER_SHARE: Final = 30
#: The customers of a kind that has its own: no more than this part of them all.
_OWNERS: Final = 10


@dataclass(frozen=True)
class Plan:
    """How much of everything: units by lineage kind, customers by kind, and the hits of the other kinds.

    The customers come in groups: first `base`, who have ordinary orders, then those of each kind in `groups`.
    Text defects hit the first `text_customers` of them. With `full` set there are defects for every row.
    """

    units: dict[str, int]
    groups: dict[str, int]
    base: int
    text_customers: int
    text_hits: int
    order_hits: int
    longest_head: int
    full: bool


def plan(orders: int, customers: int, rate: float) -> Plan:
    """Divide the rows among the kinds: to each the rate, or an even share where that would be too many."""
    if not rate:
        return Plan({}, {}, customers, 0, 0, 0, 0, False)
    wanted = max(1, int(rate * orders + 0.5))
    share = max(1, min(wanted, orders // _ORDERS_PER_SHARE))
    wanted_customers = max(1, int(rate * customers + 0.5))
    customer_share = max(1, min(wanted_customers, customers // _CUSTOMER_RULES))

    units: dict[str, int] = {}
    groups: dict[str, int] = {}
    room = orders
    free_customers = customers - 2  # two are the fewest that a key can be shared by
    for kind in LINEAGE_KINDS:
        if kind.name == _OVERCOMMITTED:
            number = min(customer_share, max(1, share // 2), free_customers)
        else:
            number = max(1, share // kind.planted)
        number = min(number, room // kind.rows)
        if kind.owner:
            owners = number if kind.name == _OVERCOMMITTED else min(number, max(1, customers // _OWNERS))
            groups[kind.name] = max(0, min(owners, free_customers))
            free_customers -= groups[kind.name]
            number = number if groups[kind.name] else 0
        elif free_customers < 0 and kind.name in ("lineage.keeps_customer", "orders.api_key_belongs_to_one_customer"):
            number = 0
        units[kind.name] = max(0, number)
        room -= units[kind.name] * kind.rows
    for name in IDLE_KINDS:
        groups[name] = max(0, min(customer_share, free_customers))
        free_customers -= groups[name]

    text_customers = customers - sum(groups[name] for name in (*IDLE_KINDS, _OVERCOMMITTED))
    with_heads = sum(units[kind.name] for kind in LINEAGE_KINDS if kind.heads)
    return Plan(
        units=units,
        groups=groups,
        base=customers - sum(groups.values()),
        text_customers=text_customers,
        text_hits=(
            text_customers
            if wanted_customers * _CUSTOMER_RULES >= customers
            else min(text_customers, customer_share * len(TEXT_KINDS))
        ),
        order_hits=orders if wanted * _ORDER_RULES >= orders else wanted * len(ORDER_KINDS),
        # half of what is left, so that most orders have nothing to do with any defect where there is room
        longest_head=room // (2 * with_heads) if with_heads else 0,
        full=wanted * _ORDER_RULES >= orders,
    )
