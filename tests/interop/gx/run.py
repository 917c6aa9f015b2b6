"""Validate a suite in Great Expectations: `run.py URL SUITE OUT TABLE`, with the tool's own interpreter."""

import json
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx


def main(url: str, suite: Path, out: Path, table: str) -> None:
    """Write the verdict and the number of each expectation, by its place."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source = context.data_sources.add_sql("riding", connection_string=url)
    batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("whole").get_batch()
    found: dict[str, Any] = {}
    for number, it in enumerate(json.loads(suite.read_text(encoding="utf-8"))["expectations"], start=1):
        made = gx.ExpectationSuite(name=f"{number}")
        made.add_expectation_configurations([_of(it)])
        (result,) = batch.validate(made, result_format="SUMMARY").results
        values = result.result
        number_of = values.get("unexpected_count", values.get("observed_value"))
        failed = {"warning": "warning", "info": "info"}.get(it.get("severity", ""), "failed")
        if "'raised_exception': True" in str(result.exception_info):
            failed = "error"
        found[str(number)] = {"verdict": "passed" if result.success else failed, "number": number_of}
    out.write_text(json.dumps(found, default=str), encoding="utf-8")


def _of(it: dict[str, Any]) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(**it)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
