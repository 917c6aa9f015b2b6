"""Defects of orders: some take a lineage, those of `KINDS` any order."""

from __future__ import annotations

from typing import Final

from order_audit.scenario.defects.kind import LIVE, Content, Label, LineageKind, OrderKind, last

#: Consequences of a missing script for an active order.
WHEN_ACTIVE: Final = ("orders.delivery_args_need_script", "orders.active_order_has_delivery")

LINEAGE_KINDS: Final = (
    LineageKind(
        "orders.live_order_has_amount",
        last("orders.live_order_has_amount"),
        heads=True,
        free=(0, -2),
        sql={
            "last_status": LIVE,
            "order_amount": "case when s.step = l.length - 1 then 0 end",
        },
    ),
    LineageKind(
        "orders.active_order_has_schedule",
        last("orders.active_order_has_schedule"),
        heads=True,
        free=(0, -2),
        sql={
            "last_status": "'active'",
            "schedule_id": "0",
        },
    ),
    # No script, and a blank one.
    LineageKind(
        "orders.active_order_has_delivery",
        last("orders.active_order_has_delivery", Label("orders.script_name_is_identifier", 0, -1, variant=1)),
        variants=2,
        sql={
            "last_status": "'active'",
            "script": "case p.variant when 1 then '  ' end",
        },
    ),
    LineageKind(
        "orders.api_key_belongs_to_one_customer",
        last("orders.api_key_belongs_to_one_customer"),
        rows=2,
        planted=2,
        lineages=2,
        sql={
            "pair": "e.i % 2",
            "customer_id": (
                "case when o.i % 2 = 0 then 1001 + o.base_place "
                "else 1001 + (o.base_place + 1 + pg_temp.draw(o.pair, 24) % (o.base - 1)) % o.base end"
            ),
            "script": "'custom_crm'",
            "args": 'format(\'{"api-key": "secret-ref:crm/shared-%s", "campaign": %s}\', p.pair, p.source)',
        },
    ),
    # The second of a pair is the duplicate.
    LineageKind(
        "orders.no_duplicate_live_order",
        (Label("orders.no_duplicate_live_order", variant=1),),
        rows=2,
        lineages=2,
        filled=0,
        variants=2,
        sql={
            "source": "e.i % 2",
            "pair": "e.i % 2",
            "last_status": LIVE,
        },
    ),
    LineageKind(
        "orders.customer_exists",
        last("orders.customer_exists"),
        sql={
            "customer_id": "1 + pg_temp.draw(o.lineage, 23) % 1000",
        },
    ),
)

_BULK: Final = "bulk_delivery"

KINDS: Final = (
    OrderKind("orders.amount_is_not_negative", (Content(negative=True),)),
    OrderKind(
        WHEN_ACTIVE[0],
        (
            Content(delivery=(None, '{"campaign": %1$s}')),
            Content(("orders.script_name_is_identifier",), ("", '{"campaign": %1$s}')),
        ),
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
        "orders.script_name_is_identifier",
        (
            Content(delivery=("Bulk Delivery", '{"batch": 50, "campaign": %1$s}')),
            Content(delivery=("bulk-delivery", '{"batch": 50, "campaign": %1$s}')),
            Content(delivery=("./bulk_delivery.sh", '{"batch": 50, "campaign": %1$s}')),
        ),
    ),
    OrderKind(
        "orders.status_is_known", (Content(status="canceled"), Content(status="Active "), Content(status="archived"))
    ),
    OrderKind("orders.schedule_repeats_by_day", (Content(drifts=True),)),
)
