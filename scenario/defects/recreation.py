"""Defects of recreations; their customers have the balance of the defect."""

from __future__ import annotations

from typing import Final

from order_audit.scenario.defects.kind import LIVE, CustomerLabel, Label, LineageKind, last

KINDS: Final = (
    # A balance that is equal to the amount, below it, NaN.
    LineageKind(
        "recreation.is_covered_by_balance",
        last("recreation.is_covered_by_balance", Label("recreation.closed_is_covered_by_balance", 0, -2, variant=2)),
        rows=2,
        length=2,
        heads=True,
        free=(0, -2),
        owner=True,
        variants=3,
        sql={
            "variant": "o.owner_place % 3",
            "last_status": LIVE,
            "change_step": "p.length - 1",
            # with a balance of NaN, all of them are at fault already
            "free_last": "case when p.variant = 2 then -1 else pg_temp.step(k.free_last, p.length) end",
            "customer_balance": "case c.place % 3 when 0 then p.price when 1 then p.price - 1 else 'NaN'::float8 end",
        },
    ),
    LineageKind(
        "recreation.closed_is_covered_by_balance",
        (Label("recreation.closed_is_covered_by_balance", 0, -1),),
        rows=2,
        planted=2,
        length=2,
        owner=True,
        variants=2,
        sql={
            "variant": "o.owner_place % 2",
            "last_status": "'expired'",
            "customer_balance": "case c.place % 2 when 0 then p.price - 0.01 else 0 end",
        },
    ),
    # The float just above the amount, and some tenths of a cent above it.
    LineageKind(
        "recreation.decision_survives_rounding",
        last("recreation.decision_survives_rounding"),
        heads=True,
        free=(0, -2),
        owner=True,
        variants=2,
        sql={
            "variant": "o.owner_place % 2",
            "last_status": LIVE,
            "change_step": "p.length - 1",
            # the next float above, and less than half a cent
            "customer_balance": (
                "case c.place % 2 when 0 then p.price::float8 * (1 + "
                "2.220446049250313e-16::float8) else p.price + 0.004 end"
            ),
        },
    ),
    # Two live orders, each of them covered. Counted among the customers: no order is at fault.
    LineageKind(
        "recreation.customer_is_not_overcommitted",
        (),
        rows=2,
        planted=0,
        lineages=2,
        filled=0,
        owner=True,
        sql={
            "owner_place": "d.i / 2",
            "last_status": LIVE,
            "customer_balance": "p.price * 1.5",
        },
    ),
)

_COVERED: Final = "recreation.is_covered_by_balance"
_ROUNDING: Final = "recreation.decision_survives_rounding"
_OVERCOMMITTED: Final = "recreation.customer_is_not_overcommitted"

#: Violations of the customers of these kinds.
CUSTOMER_LABELS: Final = (
    CustomerLabel(_OVERCOMMITTED, _OVERCOMMITTED),
    CustomerLabel(_COVERED, _OVERCOMMITTED, variant=1),
    CustomerLabel(_COVERED, _OVERCOMMITTED, variant=2),
    CustomerLabel(_COVERED, _OVERCOMMITTED, variant=0, shared=True),
    CustomerLabel(_COVERED, "customers.balance_is_finite", variant=2),
    CustomerLabel(_ROUNDING, "customers.balance_is_whole_cents"),
    CustomerLabel(_ROUNDING, _OVERCOMMITTED, shared=True),
)
