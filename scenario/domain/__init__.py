"""The domain of the scenario: what `customers` and `orders` add to an audit. The example of a domain for others.

Registered as the entry point `orders` of the group `order_audit.domains`; nothing imports it. It imports
`order_audit.domain`, and of `reports` what pictures and texts are made of.
"""

from typing import Final

from order_audit.domain import Domain
from order_audit.scenario.domain.balance import BalanceDiagram
from order_audit.scenario.domain.charts import FIGURES
from order_audit.scenario.domain.impact import IMPACTS
from order_audit.scenario.domain.lineage import LineageDiagram

DOMAIN: Final = Domain(
    name="orders",
    impacts=IMPACTS,
    diagrams={"lineage": LineageDiagram(), "balance": BalanceDiagram()},
    figures=FIGURES,
    json_keys_by=frozenset({"delivery_script_name"}),
)
