"""Read events with the classes of OpenLineage's client, and write them again. Runs in the validators' environment."""

from __future__ import annotations

import json
import sys
from typing import Any

from openlineage.client import event_v2
from openlineage.client.generated import (
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    processing_engine_run,
    test_run,
)
from openlineage.client.serde import Serde

FACETS = {
    "test": (test_run.TestRunFacet, {"tests": test_run.TestExecution}),
    "processing_engine": (processing_engine_run.ProcessingEngineRunFacet, {}),
    "dataQualityAssertions": (
        data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
        {"assertions": data_quality_assertions_dataset.Assertion},
    ),
    "dataQualityMetrics": (data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet, {}),
}


def facets(made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Make the facets of a part; a field that a class does not know is an error, and so is another schema."""
    read = {}
    for name, fields in made.items():
        kind, parts = FACETS[name]
        values = {key: value for key, value in fields.items() if not key.startswith("_")}
        for key, part in parts.items():
            values[key] = [part(**it) for it in values[key]]
        read[name] = kind(**values, producer=fields["_producer"])
        assert fields["_schemaURL"] == kind._get_schema(), fields["_schemaURL"]
    return read


for line in sys.stdin:
    event = json.loads(line)
    inputs = [
        event_v2.InputDataset(namespace=it["namespace"], name=it["name"], inputFacets=facets(it["inputFacets"]))
        for it in event["inputs"]
    ]
    print(
        Serde.to_json(
            event_v2.RunEvent(
                eventTime=event["eventTime"],
                eventType=event_v2.RunState[event["eventType"]],
                run=event_v2.Run(runId=event["run"]["runId"], facets=facets(event["run"]["facets"])),
                job=event_v2.Job(**event["job"]),
                inputs=inputs,
                outputs=[],
                producer=event["producer"],
            )
        )
    )
