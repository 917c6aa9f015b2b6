"""Defects of lineages."""

from __future__ import annotations

from typing import Final

from order_audit.scenario.defects.kind import LIVE, Label, LineageKind, last

KINDS: Final = (
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
    # A chain of three names parents.
    LineageKind(
        "lineage.order_ref_is_first_ancestor",
        last("lineage.order_ref_is_first_ancestor"),
        rows=3,
        length=3,
        free=(0, 1),
        sql={
            "has_parents": "true",
            "order_ref": "coalesce(p.parent_id, e.root_id)",
        },
    ),
    # Cycles of two and of three.
    LineageKind(
        "lineage.is_acyclic",
        (Label("lineage.is_acyclic", 0, -1), Label("lineage.ancestor_is_older", 0, 0)),
        rows=5,
        planted=5,
        lineages=2,
        length=2,
        grow=1,
        sql={
            "last_status": "'cancelled'",
            "has_parents": "true",
            "order_ref": "coalesce(p.parent_id, e.last_id)",
            "order_status": "'expired'",
        },
    ),
    LineageKind(
        "lineage.keeps_customer",
        last("lineage.keeps_customer"),
        rows=2,
        length=2,
        heads=True,
        free=(0, -2),
        sql={
            "other_customer_id": "1001 + (o.base_place + 1 + pg_temp.draw(o.pair, 24) % (o.base - 1)) % o.base",
            # a key would change hands with the order
            "script": "'bulk_delivery'",
        },
    ),
    LineageKind(
        "lineage.ancestor_is_older",
        (Label("lineage.ancestor_is_older", 0, 0),),
        rows=2,
        length=2,
        free=(1, 1),
        sql={
            "order_ref": "e.last_id",
        },
    ),
    LineageKind(
        "lineage.recreated_order_has_successor",
        last("lineage.recreated_order_has_successor"),
        heads=True,
        free=(0, -2),
        sql={
            "last_status": "'recreated'",
        },
    ),
    LineageKind(
        "lineage.one_live_order",
        (Label("lineage.one_live_order", -2, -2),),
        rows=2,
        length=2,
        heads=True,
        free=(0, -3),
        filled=-1,
        sql={
            "last_status": LIVE,
            "earlier_status": "(array['active', 'pending', 'paused'])[1 + pg_temp.draw(p.lineage, 29) % 3]",
            "order_status": "case when s.step = l.length - 2 then l.earlier_status end",
            # the one that should have ended is live as well
            "live_orders": "2",
        },
    ),
    LineageKind(
        "lineage.root_is_not_closed",
        last("lineage.root_is_not_closed"),
        rows=2,
        length=2,
        heads=True,
        free=(1, -2),
        filled=0,
        sql={
            "last_status": LIVE,
            "earlier_status": "(array['cancelled', 'expired'])[1 + pg_temp.draw(p.lineage, 29) % 2]",
            "order_status": "case when s.step = 0 then l.earlier_status end",
        },
    ),
)
