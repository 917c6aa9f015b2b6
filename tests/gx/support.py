"""Helpers for the tests with Great Expectations: checkpoints as a user runs them, addresses, fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    from sqlalchemy.pool import NullPool

ROOT = Path(__file__).parent.parent
#: Rules that are not checkable on the current schema: a plain project cannot distinguish that from an error, and omits
#: them.
LACKING = ("recreation.happens_daily", "recreation.was_covered_at_the_time", "recreation.follows_latest_state")


@dataclass(frozen=True)
class Verdict:
    """Return Great Expectations' result of one rule."""

    success: bool
    observed: Any
    examples: list[dict[str, Any]]
    raised: str


def url(dsn: str, host: str = "") -> str:
    """The address of a database as SQLAlchemy writes it. The socket comes last, and stands in for a host."""
    words = psycopg.conninfo.conninfo_to_dict(dsn)
    socket = f"host={quote(str(words['host']))}&port={words['port']}"
    return f"postgresql+psycopg://{words['user']}@{host}/{words['dbname']}?{socket}"


def verdicts(dsn: str, expected: gx.ExpectationSuite, *, table: str = "") -> dict[str, Verdict]:
    """Run a suite as its user would: a context, a source, a validation definition, a checkpoint."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = context.data_sources.add_sql(
            "shop",
            connection_string=url(dsn),
            kwargs={"poolclass": NullPool},  # type: ignore[call-arg] # for SQLAlchemy: leave no connection open
        )
        if table:
            batches = source.add_table_asset("table", table_name=table).add_batch_definition_whole_table("all")
        else:
            batches = source.add_query_asset("query", query="select 1 as one").add_batch_definition_whole_table("all")
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name="rules", data=batches, suite=context.suites.add(expected))
        )
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(name="check", validation_definitions=[definition], result_format="COMPLETE")
        )
        done = checkpoint.run()
        (result,) = done.run_results.values()
    json.dumps(result.describe_dict(), allow_nan=False)
    found = {}
    *results, last = result.results
    assert (last.success, raised(last.exception_info)) == (True, "")
    for each in results:
        assert each.expectation_config is not None
        told = each.result or {}
        found[each.expectation_config.kwargs["rule"]] = Verdict(
            bool(each.success),
            told.get("observed_value"),
            told.get("partial_unexpected_list") or [],
            raised(each.exception_info),
        )
    return found


def raised(info: Any) -> str:
    """The message of an exception in a result, wherever it stands."""
    if not isinstance(info, dict):
        return ""
    if info.get("raised_exception"):
        return str(info.get("exception_message"))
    return next((message for below in info.values() if (message := raised(below))), "")


def python(code: str, **environment: str) -> str:
    """Return the output of a fresh interpreter."""
    words = {name: value for name, value in os.environ.items() if not name.startswith("GX_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
        env=words | environment, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def write(folder: Path, rules: dict[str, str], key: str = "order_id") -> Path:
    """A suite of a user's own."""
    folder.mkdir()
    for id, sql in rules.items():
        (folder / f"{id}.sql").write_text(
            f"-- title: {id}\n-- severity: info\n-- key: {key}\n{sql}\n", encoding="utf-8"
        )
    return folder
