"""Helpers for the tests of scans: sources, and how Great Expectations says that it judged the rules."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any
from urllib.parse import quote

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

from order_audit.audit.database.server import Server
from tests.gx.support import raised

SHARED = "scans shared by the rules of the run, on one snapshot"
FOUND = {"rule_1": 1, "rule_2": 2, "rule_3": 3}


class Log:
    """The log of a server since the creation of this object."""

    def __init__(self, server: Server) -> None:
        self._file = server.data / "server.log"
        self._before = self._file.stat().st_size

    def _text(self) -> str:
        return self._file.read_bytes()[self._before :].decode(errors="replace")

    def scans(self) -> int:
        """How many statements read the tables, shared or a rule's own."""
        reading = r"(?:statement|execute [^:]*): (?:copy \(|select count\(\*\) from \"|with v \()"
        return len(re.findall(reading, self._text()))

    def snapshots(self) -> set[str]:
        """The snapshots that were exported and joined."""
        return set(re.findall(r"set transaction snapshot '([^']+)'", self._text(), re.IGNORECASE))


class Told:
    """Return Great Expectations' results of a suite's rules."""

    def __init__(self, found: ExpectationSuiteValidationResult) -> None:
        json.dumps(found.describe_dict(), allow_nan=False)
        ours = {
            str(each.expectation_config.kwargs["rule"]): each
            for each in found.results
            if each.expectation_config is not None and "rule" in each.expectation_config.kwargs
        }
        self.observed = {id: (each.result or {}).get("observed_value") for id, each in ours.items()}
        details = [(each.result or {}).get("details", {}) for each in ours.values()]
        self.how = {it["evaluation"] for it in details if it}
        self.reasons = {it.get("reason", "") for it in details if it}
        self.succeeded = {id for id, each in ours.items() if each.success}
        self.raised = {id: said for id, each in ours.items() if (said := raised(each.exception_info))}


def source(sources: list[Any], address: str, **kwargs: Any) -> Any:
    """A data source of a separate context; `kwargs` go to SQLAlchemy's create_engine."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = context.data_sources.add_sql("shop", connection_string=address, kwargs=kwargs)  # type: ignore[call-arg]
    sources.append(made)
    return made


def whole(made: Any) -> Any:
    """A batch that has little to do with the tables."""
    return made.add_query_asset("query", query="select 1 as one").add_batch_definition_whole_table("all").get_batch()


def address(dsn: str, driver: str = "psycopg", user: str = "") -> str:
    """A database's address by its socket."""
    words = psycopg.conninfo.conninfo_to_dict(dsn)
    socket = f"host={quote(str(words['host']))}&port={words['port']}"
    return f"postgresql+{driver}://{user or words['user']}@/{words['dbname']}?{socket}"


def does(dsn: str, *statements: str) -> Any:
    """The first value that the last statement gives, if it gives any."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None
