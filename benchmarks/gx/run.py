"""The sixteen rules in Great Expectations as its documentation has one write them: `run.py URL QUERIES OUT`."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations

gxe: Any = great_expectations.expectations

STATES = re.findall(
    r"\w+",
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA"
    " RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP",
)
STATUSES = ["pending", "active", "paused", "cancelled", "expired", "recreated"]


def main(url: str, queries: Path, out: Path) -> None:
    """Validate, and write the counts."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source = context.data_sources.add_sql("shop", connection_string=url)
    core: dict[str, list[Any]] = {
        "orders": [
            gxe.ExpectColumnValuesToBeInSet(
                column="order_status", value_set=STATUSES, meta={"rule": "orders.status_is_known"}
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="order_amount", min_value=0, meta={"rule": "orders.amount_is_not_negative"}
            ),
        ],
        "customers": [
            gxe.ExpectColumnValuesToBeBetween(
                column="customer_balance", min_value=0, meta={"rule": "customers.balance_is_not_negative"}
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="address_state", value_set=STATES, meta={"rule": "customers.state_is_usps_code"}
            ),
        ],
    }
    known = {it.meta["rule"] for table in core.values() for it in table}
    for path in sorted(queries.glob("*.sql")):
        if path.stem not in known:
            about = "customers" if path.stem.startswith("customers.") else "orders"
            query = path.read_text(encoding="utf-8")
            core[about].append(gxe.UnexpectedRowsExpectation(unexpected_rows_query=query, meta={"rule": path.stem}))
    counts = {}
    for table, expectations in core.items():
        batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("whole").get_batch()
        result = batch.validate(gx.ExpectationSuite(name=table, expectations=expectations), result_format="SUMMARY")
        for found in result.results:
            rule = (found.expectation_config.meta or {})["rule"] if found.expectation_config else ""
            if "unexpected_count" in found.result:
                counts[rule] = found.result["unexpected_count"]
            elif "observed_value" in found.result:
                counts[rule] = int(str(found.result["observed_value"]).split()[0])
    out.write_text(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
