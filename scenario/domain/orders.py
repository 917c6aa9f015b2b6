"""Definitions on orders that the parts of the domain share."""

from typing import Final

#: The live ones among orders o.
LIVE: Final = "o.order_status::text in ('pending', 'active', 'paused')"
#: The columns that lineages and balances take.
ORDER: Final = ("order_id", "order_ref", "customer_id", "order_status", "order_amount")
