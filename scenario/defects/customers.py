"""Defects of customers."""

from __future__ import annotations

from typing import Final

from order_audit.scenario.defects.kind import CustomerKind, CustomerLabel

#: Of texts, in the order in which they are dealt out: a customer that shares something with the one before, the
#: original, comes after a kind that leaves the original alone. `v.variant` is 0, 1 or 2.
TEXT_KINDS: Final = (
    CustomerKind(
        "customers.phone_is_dialable",
        {
            "customer_phone": (
                "case v.variant "
                "when 0 then '555-' || lpad((c.n % 10000)::text, 4, '0') "
                "when 1 then '212-555-0100 x' || c.n "
                "else '' end"
            ),
        },
    ),
    CustomerKind(
        "customers.email_is_unique",
        {
            "customer_email": "c.earlier_email",
        },
    ),
    CustomerKind(
        "customers.email_is_canonical",
        {
            "customer_email": "upper(left(c.customer_email, 1)) || substr(c.customer_email, 2)",
        },
    ),
    CustomerKind(
        "customers.no_duplicate",
        {
            "customer_name": (
                "case v.variant when 1 then upper(replace(c.earlier_name, ' ', '  ')) else c.earlier_name end"
            ),
            "address": "case v.variant when 1 then upper(c.earlier_address) else c.earlier_address end",
            "address_state": "c.earlier_state",
        },
    ),
    CustomerKind(
        "customers.email_is_valid",
        {
            "customer_email": (
                "case v.variant when 0 then replace(c.customer_email, '@', '.') "
                "when 1 then split_part(c.customer_email, '.example', 1) "
                "else c.customer_email || '; billing@desk.example.com' end"
            ),
        },
    ),
    CustomerKind(
        "customers.state_is_usps_code",
        {
            "address_state": "case v.variant when 0 then lower(c.address_state) when 1 then 'California' else 'ZZ' end",
        },
    ),
    CustomerKind(
        "customers.required_text_is_present",
        {
            "customer_name": "case v.variant when 1 then '' else c.customer_name end",
            "customer_contact_name": "case v.variant when 0 then '' else c.customer_contact_name end",
            "address": "case v.variant when 2 then '' else c.address end",
        },
    ),
    CustomerKind(
        "customers.text_is_clean",
        {
            "customer_name": "case v.variant when 0 then c.customer_name || ' ' else c.customer_name end",
            "customer_contact_name": (
                "case v.variant when 1 then c.customer_contact_name || e'\\u200b' else c.customer_contact_name end"
            ),
            "address": "case v.variant when 2 then replace(c.address, ', ', e',\\u00a0') else c.address end",
        },
    ),
    CustomerKind(
        "customers.text_is_normalised",
        {
            "customer_name": "case v.variant when 0 then c.customer_name || e' Cafe\\u0301' else c.customer_name end",
            "customer_contact_name": (
                "case v.variant when 0 then c.customer_contact_name "
                "else c.customer_contact_name || e' Andre\\u0301' end"
            ),
        },
    ),
    CustomerKind(
        "customers.text_is_not_placeholder",
        {
            # without an address, only the name distinguishes customers of one state
            "customer_name": (
                "case v.variant when 1 then 'Test' when 2 then c.customer_name || ' ' || c.n else c.customer_name end"
            ),
            "customer_contact_name": "case v.variant when 0 then 'N/A' else c.customer_contact_name end",
            "address": "case v.variant when 2 then 'unknown' else c.address end",
        },
    ),
)

#: Of balances: of customers that have no orders, so that nothing follows for any.
IDLE_KINDS: Final = (
    CustomerKind(
        "customers.balance_is_finite",
        {
            "customer_balance": "(array['NaN', 'Infinity', '-Infinity'])[1 + c.place % 3]::float8",
        },
    ),
    CustomerKind(
        "customers.balance_is_not_negative",
        {
            "customer_balance": "- (1 + p.cents % 50000) / 100.0",
        },
    ),
    CustomerKind(
        "customers.balance_is_whole_cents",
        {
            "customer_balance": (
                "case c.place % 2 when 0 then 0.1::float8 + 0.2::float8 else p.cents / 100.0 + 0.004 end"
            ),
        },
    ),
)

CUSTOMER_LABELS: Final = (
    *(CustomerLabel(kind.name, kind.name) for kind in (*TEXT_KINDS, *IDLE_KINDS)),
    CustomerLabel("customers.balance_is_finite", "customers.balance_is_not_negative", variant=2),  # minus infinity
)
