"""Tables that change while the lint reads: each output names them, and the gate does not pass."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest

from order_audit.audit.schema import probes
from tests.support.program import order_audit


@pytest.mark.both_versions
def test_they_are_named(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their columns; a table of another schema with its schema."""
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("create schema ops")
        for name in ("parcels", "ops.boxes"):
            other.execute(f"create table {name} (id int primary key, parcel_id int, weight int)".encode())
        look = probes.look
        statements = iter(
            [
                "alter table ops.boxes drop column weight, add column price text",
                "alter table parcels alter column weight type bigint",
            ]
        )

        def meanwhile(
            connection: psycopg.Connection, batch: list[list[probes.Probe]], stop: Callable[[], bool]
        ) -> None:
            look(connection, batch, stop)
            for statement in statements:
                other.execute(statement.encode())

        assert order_audit("lint", "--dsn", dsn, "--json").returncode == 0
        undisturbed = json.loads(order_audit("lint", "--dsn", dsn, "--json").stdout)
        assert undisturbed["changed_tables"] == []
        assert order_audit("lint", "--dsn", dsn, "--fail-on", "critical").returncode == 0
        monkeypatch.setattr(probes, "look", meanwhile)
        seen = order_audit("lint", "--dsn", dsn, "--json", "--fail-on", "critical")
        assert json.loads(seen.stdout)["changed_tables"] == [
            {"table": "ops.boxes", "change": "column price was added"},
            {"table": "ops.boxes", "change": "column weight was dropped"},
            {"table": "parcels", "change": "was rewritten or emptied"},
            {"table": "parcels", "change": "column weight became bigint"},
        ]
        assert seen.returncode == 1
        statements = iter(["alter table ops.boxes drop column price"])
        seen = order_audit("lint", "--dsn", dsn)
        said = "? tables changed meanwhile, so findings may be wrong: ops.boxes (column price was dropped);"
        assert f"{said} run the command again" in " ".join(seen.stdout.split())
        assert seen.returncode == 0
