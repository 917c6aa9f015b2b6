"""The sixteen rules in Pointblank with Polars, its fastest engine here: `run.py URL QUERIES OUT`."""

import json
import re
import sys
from pathlib import Path

import pointblank as pb  # type: ignore[import-not-found]
import polars as pl  # type: ignore[import-not-found]
from adbc_driver_postgresql import dbapi  # type: ignore[import-not-found]

STATES = re.findall(
    r"\w+",
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA"
    " RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP",
)
STATUSES = ["pending", "active", "paused", "cancelled", "expired", "recreated"]


def main(url: str, queries: Path, out: Path) -> None:
    """Validate, and write the counts: its own steps where it has one for a rule, else the rows of the rule's query."""
    with dbapi.connect(url) as shop:
        orders = pl.read_database(
            "select order_id, order_ref, customer_id, order_status::text, order_amount::float8 from orders", shop
        )
        customers = pl.read_database(
            "select customer_id, customer_balance::float8, address_state::text from customers", shop
        )
        validations = [
            pb.Validate(orders)
            .col_vals_in_set("order_status", STATUSES, brief="orders.status_is_known")
            .col_vals_ge("order_amount", 0, na_pass=True, brief="orders.amount_is_not_negative")
            .col_vals_in_table("customer_id", customers, "customer_id", brief="orders.customer_exists")
            .col_vals_in_table("order_ref", orders, "order_id", brief="lineage.order_ref_exists"),
            pb.Validate(customers)
            .col_vals_ge("customer_balance", 0, na_pass=True, brief="customers.balance_is_not_negative")
            .col_vals_in_set("address_state", STATES, brief="customers.state_is_usps_code"),
        ]
        known = {step.brief for it in validations for step in it.validation_info}
        for path in sorted(queries.glob("*.sql")):
            if path.stem not in known:
                key = "customer_id" if path.stem.startswith("customers.") else "order_id"
                text = path.read_text(encoding="utf-8")
                rows = pl.read_database(f"select {key} from ({text}) as violations", shop)
                # each row of the query is a violation, whose key is not null
                validations.append(pb.Validate(rows).col_vals_null(key, brief=path.stem))
    counts: dict[str, int] = {}
    for validation in validations:
        validation.interrogate(collect_extracts=False, collect_tbl_checked=False)
        counts |= {step.brief: step.n_failed for step in validation.validation_info}
    out.write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
