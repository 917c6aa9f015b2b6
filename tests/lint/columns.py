"""Cases of the rules on columns: what makes a rule fire, what comes near to that, and what its evidence counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from tests.lint.support import findings

#: By rule: what makes it fire, with the objects and severities, and what comes near to that.
Cases = Mapping[str, tuple[tuple[str, dict[str, str]], ...]]
#: By rule: a schema with data, and the evidence of what the rule finds there.
Evidence = Mapping[str, tuple[str, dict[str, Any]]]


def check(dsn: str, name: str, cases: tuple[tuple[str, dict[str, str]], ...]) -> None:
    """Each fires where it should, stays silent next to it, and suggests what mends it."""
    for setup, expected in cases:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop schema public cascade")
            connection.execute("create schema public")
            connection.execute(setup.encode())
        fired = findings(dsn, name)
        assert {found.object: found.severity for found in fired} == expected, setup
        with psycopg.connect(dsn, autocommit=True) as connection:
            for found in fired:
                assert found.object.split(".")[0] in found.message
                for statement in found.suggestion.split(";\n") if found.remedy != "redesign" else ():
                    connection.execute(statement.encode())
        left = findings(dsn, name)
        assert all(found.remedy == "redesign" for found in left), left


def check_evidence(dsn: str, name: str, setup: str, expected: dict[str, Any]) -> None:
    """What the evidence counts."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(setup.encode())
    (found,) = findings(dsn, name)
    assert found.evidence == expected
