"""Schemas that nobody here designed: each finding of lint is justified, and each suggestion is run.

Beside each `schemas/NAME.sql` stands `schemas/NAME.toml`: by rule and object the severity, and why the finding is right
(`why`, for all objects of a rule that say no more than a severity); below `brings`, the findings that the suggested
statements cause in turn.
"""

from __future__ import annotations

import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg import errors

from order_audit.expectations import SEVERITIES
from order_audit.reports.document import SchemaFinding
from tests.lint.support import judged
from tests.support import servers

FOLDER: Final = Path(__file__).parents[1] / "schemas"
NAMES: Final = sorted(file.stem for file in FOLDER.glob("*.toml"))
#: Those that have a finding of every rule that finds something in any of them; on 15 these will do.
DIVERSE: Final = {"adventureworks", "musicbrainz", "northwind", "pagila", "pagila_2015", "tpcc", "tpch"}
Known = set[tuple[str, str, str]]


def expected(said: dict[str, Any]) -> Known:
    """Rule, object and severity of each finding that is argued for."""
    known: Known = set()
    for rule, objects in said.items():
        shared = objects.get("why", "")
        for name, text in objects.items():
            if name != "why":
                severity, _, why = text.partition(": ")
                assert severity in SEVERITIES, (rule, name)
                assert len(why or shared) > 15, f"nobody says why {rule} is right about {name}"
                known.add((rule, name, severity))
    return known


def findings(dsn: str) -> list[SchemaFinding]:
    """Return the findings of lint, without an errored rule."""
    verdicts = judged(dsn)
    assert {(verdict.status, verdict.reason) for verdict in verdicts} == {("checked", "")}
    return [finding for verdict in verdicts for finding in verdict.findings]


def known(found: list[SchemaFinding]) -> Known:
    """The same as is argued for, no object named twice by one rule."""
    by_name: Known = {(it.rule.removeprefix("schema."), it.object, it.severity) for it in found}
    assert len({(it.rule, it.object) for it in found}) == len(found)
    return by_name


@pytest.fixture(params=[pytest.param(it, marks=pytest.mark.both_versions if it in DIVERSE else ()) for it in NAMES])
def name(request: pytest.FixtureRequest, dsn: str) -> str:
    """Each schema in turn, with its rows, in a separate database."""
    made: str = request.param
    if made == "pgbench":
        program = servers.binaries(15) / "pgbench"
        if not program.exists():
            pytest.skip(f"there is no pgbench in {program.parent} (Debian: apt-get install postgresql-contrib)")
        subprocess.run([program, "--initialize", "--quiet", dsn], check=True, capture_output=True)
    else:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute((FOLDER / f"{made}.sql").read_bytes())
    return made


def test_says_what_is_argued_for_and_mends_it(name: str, dsn: str) -> None:
    """No more and no less. Each statement runs, after those before it, and takes its finding away.

    Of what holds a column's type, and so a rewrite, there is only a view or a rule that reads it.
    """
    said = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    brought = expected(said.pop("brings", {}))
    found = findings(dsn)
    assert known(found) == expected(said)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for finding in found:
            if finding.remedy == "rewrite":
                with suppress(errors.FeatureNotSupported), connection.transaction(force_rollback=True):
                    connection.execute(finding.suggestion.encode())
        for finding in found:
            if finding.remedy == "statement":
                for statement in finding.suggestion.split(";\n"):
                    connection.execute(statement.encode())
    left = findings(dsn)
    mended = {(it.rule, it.object) for it in found if it.remedy == "statement"}
    assert not {(it.rule, it.object) for it in left} & mended
    assert known(left) - known(found) == brought
