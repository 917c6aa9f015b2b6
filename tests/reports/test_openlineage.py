"""Events of OpenLineage against what its specification says of them.

No package has the JSON schemas of the specification, so these are its facts in words of our own: which fields are
required, of what type and form they are, which values they take.
"""

from __future__ import annotations

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from order_audit.reports.openlineage import openlineage
from tests.support.results import typed

FORMATS = FormatChecker(formats=())
FORMATS.checks("uuid", ValueError)(lambda it: bool(UUID(it)))
FORMATS.checks("uri", ValueError)(lambda it: bool(urlsplit(it).scheme) and it.isascii() and " " not in it)
FORMATS.checks("date-time", ValueError)(lambda it: datetime.fromisoformat(it).tzinfo is not None)

TEXT = {"type": "string"}
URI = {"type": "string", "format": "uri"}


def _object(*required: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*required], "properties": fields, "additionalProperties": False}


def _facet(*required: str, **fields: Any) -> dict[str, Any]:
    return _object("_producer", "_schemaURL", *required, _producer=URI, _schemaURL=URI, **fields)


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


#: A severity is free; these two have a meaning.
SEVERITY = {"enum": ["error", "warn"]}
ABOUT = {"name": TEXT, "severity": SEVERITY, "description": TEXT, "expected": TEXT, "actual": TEXT}
ASSERTION = _object("assertion", "success", assertion=TEXT, success={"type": "boolean"}, column=TEXT, **ABOUT)
TEST = _object(
    "name", "status", status={"enum": ["pass", "fail", "skip"]}, type=TEXT, content=TEXT, contentType=TEXT, **ABOUT
)
DATASET = _object(
    "namespace", "name",
    namespace=URI, name=TEXT, facets={"const": {}},
    inputFacets=_object(
        dataQualityAssertions=_facet("assertions", assertions=_list(ASSERTION)),
        dataQualityMetrics=_facet("columnMetrics", rowCount={"type": "integer"}, columnMetrics={"type": "object"}),
    ),
)  # fmt: skip
RUN_FACETS = _object(
    test=_facet("tests", tests=_list(TEST)), processing_engine=_facet("version", version=TEXT, name=TEXT)
)
EVENT = _object(
    "eventTime", "producer", "schemaURL", "run", "job",
    eventTime={"type": "string", "format": "date-time"}, producer=URI, schemaURL=URI,
    eventType={"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
    run=_object("runId", runId={"type": "string", "format": "uuid"}, facets=RUN_FACETS),
    job=_object("namespace", "name", namespace=TEXT, name=TEXT, facets={"const": {}}),
    inputs=_list(DATASET), outputs=_list(DATASET),
)  # fmt: skip


@pytest.fixture(scope="module")
def issues(audits: dict[str, Path]) -> dict[str, Any]:
    """The result of the audit of the labelled issues."""
    made: dict[str, Any] = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    return made


@pytest.mark.parametrize("host", ["db.internal", "local socket", "", "::1", "/var/run/postgresql", "ho st,other"])
def test_events_have_what_the_specification_asks_for(issues: dict[str, Any], host: str) -> None:
    """A beginning and one end of the same run and job, each field of its type and form, whatever the host is called."""
    made = copy.deepcopy(issues)
    made["run"]["database"]["host"] = host
    started, ended = (json.loads(line) for line in openlineage(typed(made)).splitlines())
    for event in (started, ended):
        Draft202012Validator(EVENT, format_checker=FORMATS).validate(event)
    assert (started["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    assert started["run"]["runId"] == ended["run"]["runId"]
    assert started["job"] == ended["job"]
    assert started["eventTime"] <= ended["eventTime"]
    made["run"]["complete"] = False
    assert json.loads(openlineage(typed(made)).splitlines()[1])["eventType"] == "ABORT"
