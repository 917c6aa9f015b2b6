"""What audits and pages have in common of orders."""

from typing import Final

#: The live among orders o.
LIVE: Final = "o.order_status::text in ('pending', 'active', 'paused')"
