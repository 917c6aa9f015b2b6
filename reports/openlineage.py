"""A result as run events of OpenLineage (specification 2-0-2): which tables were audited, and what each rule found.

Facets: DataQualityAssertions (1-1-0) and DataQualityMetrics (1-0-3) of each table, TestRun (1-0-1) and
ProcessingEngine (1-1-1) of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from order_audit.reports.document import Document, JsonObject, Result, encode

_SPEC: Final = "https://openlineage.io/spec"
_EVENT: Final = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
#: Versions of the facets, whose names are those of their schemas, too.
_FACETS: Final = {
    "DataQualityAssertionsDatasetFacet": "1-1-0",
    "DataQualityMetricsInputDatasetFacet": "1-0-3",
    "TestRunFacet": "1-0-1",
    "ProcessingEngineRunFacet": "1-1-1",
}
#: A result does not have the server's port: by OpenLineage's naming this one stands where there is none.
_PORT: Final = 5432
_JUDGED: Final = ("passed", "failed", "errored")


def openlineage(document: Document) -> str:
    """Render two events, a line each: the run has started; it is complete, or aborted if it was interrupted.

    Whether the gate passed does not matter: an audit that found something has done its job.
    """
    run = document.run
    ended = "COMPLETE" if run.complete else "ABORT"
    events = [
        _event(document, "START", encode(run.started_at), {}, []),
        _event(document, ended, encode(run.finished_at), _run_facets(document), [*_datasets(document)]),
    ]
    return "".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events)


def _event(
    document: Document, kind: str, at: str, facets: dict[str, JsonObject], inputs: list[JsonObject]
) -> JsonObject:
    database = document.run.database
    return {
        "eventType": kind,
        "eventTime": at,
        "producer": _producer(document),
        "schemaURL": _EVENT,
        "run": {"runId": document.run.id, "facets": facets},
        "job": {"namespace": "order-audit", "name": f"{database.name}.{database.schema}", "facets": {}},
        "inputs": inputs,
        "outputs": [],
    }


def _producer(document: Document) -> str:
    return f"urn:order-audit:{document.run.versions.get('order-audit', '0')}"


def _facet(document: Document, kind: str, /, **fields: Any) -> JsonObject:
    schema = f"{_SPEC}/facets/{_FACETS[kind]}/{kind}.json#/$defs/{kind}"
    return {"_producer": _producer(document), "_schemaURL": schema, **fields}


def _run_facets(document: Document) -> dict[str, JsonObject]:
    tests = [_test(it) for it in document.results if it.status != "not_selected"]
    name, version = document.run.judged_by.split(",")[0].split(" ", 1)
    return {
        "test": _facet(document, "TestRunFacet", tests=tests),
        "processing_engine": _facet(document, "ProcessingEngineRunFacet", name=name, version=version),
    }


def _test(result: Result) -> JsonObject:
    status = "pass" if _is_sound(result) else "fail"
    return {
        "name": result.rule,
        "status": status if result.status in _JUDGED else "skip",
        "severity": _severity(result),
        "type": "custom_sql",
        "description": result.title,
        **({"expected": "0", "actual": _actual(result)} if result.status in _JUDGED else {}),
        "content": result.sql,
        "contentType": "sql",
    }


def _datasets(document: Document) -> Iterator[JsonObject]:
    database = document.run.database
    host = "localhost" if " " in database.host or not database.host else database.host
    server = f"[{host}]:{_PORT}" if ":" in host else f"{host}:{_PORT}"
    by_table: dict[str, list[Result]] = {name: [] for name in document.run.tables}
    for result in document.results:
        if result.table and result.status in _JUDGED:
            by_table.setdefault(result.table, []).append(result)
    for table, results in by_table.items():
        named = table if "." in table else f"{database.schema}.{table}"
        facets = {}
        if table in document.run.tables:
            rows = document.run.tables[table].rows
            facets["dataQualityMetrics"] = _facet(
                document, "DataQualityMetricsInputDatasetFacet", rowCount=rows, columnMetrics={}
            )
        if results:
            assertions = [_assertion(it) for it in results]
            facets["dataQualityAssertions"] = _facet(
                document, "DataQualityAssertionsDatasetFacet", assertions=assertions
            )
        yield {
            "namespace": f"postgres://{server}",
            "name": f"{database.name}.{named}",
            "facets": {},
            "inputFacets": facets,
        }


def _assertion(result: Result) -> JsonObject:
    return {
        "assertion": "custom_sql",
        "success": _is_sound(result),
        "severity": _severity(result),
        "name": result.rule,
        "description": result.title,
        "expected": "0",
        "actual": _actual(result),
    }


def _is_sound(result: Result) -> bool:
    """Whether a rule was judged and no open violation fails it."""
    return result.status == "passed" or (result.status == "failed" and not result.open)


def _actual(result: Result) -> str:
    return "error" if result.status == "errored" else str(result.open)


def _severity(result: Result) -> str:
    return "error" if result.severity == "critical" else "warn"
