"""Examples of the rules on keys: a schema, and all that a rule finds there, by object and severity.

What a finding suggests is then done, unless it is a question or takes a new design, and the finding is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.lint.support import findings


@dataclass(frozen=True)
class Example:
    """A schema, and what a rule finds in it; nothing where it is a near miss."""

    about: str
    schema: str
    findings: dict[str, str] = field(default_factory=dict)
    #: The relevant parts of the evidence, by object.
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Kinds of suggestions by object, where they matter.
    remedies: dict[str, str] = field(default_factory=dict)
    is_mended: bool = True


def check(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each rule finds exactly the expected objects, and its suggestion resolves the finding."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for example in examples:
            connection.execute("drop schema public cascade; create schema public")
            connection.execute(example.schema.encode())
            found = findings(dsn, rule)
            assert {it.object: it.severity for it in found} == example.findings, example.about
            assert len(found) == len(example.findings), example.about
            remedies = {it.object: it.remedy for it in found}
            assert remedies | example.remedies == remedies, example.about
            by_object = {it.object: it.evidence for it in found}
            for name, evidence in example.evidence.items():
                assert by_object[name] | evidence == by_object[name], example.about
            if not example.is_mended:
                continue
            mended = [finding for finding in found if finding.remedy != "redesign"]
            for finding in mended:
                for statement in finding.suggestion.split(";\n"):
                    connection.execute(statement.encode())
            left = {it.object for it in findings(dsn, rule)}
            assert left == {it.object for it in found if it.remedy == "redesign"}, example.about
