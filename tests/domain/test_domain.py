"""A domain of another package, about other tables: its impact, diagram and figures stand in results and on the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import expectations
from order_audit.domain import domains
from order_audit.errors import DomainError, OrderAuditError

#: Vehicles and their trips, as a package that knows them registers its domain.
PACKAGE = """
from markupsafe import Markup

from order_audit.domain import Chart, Domain, Figure, Impact, Measure, Related


class Route:
    def collect(self, lookup, examples):
        trips = lookup.table("trip", ("id", "vehicle", "km"), "id")
        keys = lookup.literals(key for some in examples.values() for example in some for key in example.keys)
        rows = lookup.rows(f"select row_to_json(t.*) from {trips} as t where t.id in ({keys})")
        by_id = {row["id"]: row for row in rows}
        return {rule: [by_id[it.keys[0]] for it in some] for rule, some in examples.items()}

    def draw(self, facts, highlight):
        svg = Markup('<svg role="img" viewBox="0 0 9 9"><title>trip</title></svg>')
        return [Figure(f"Trip {fact['id']} of {fact['km']} km", [("As driven", svg)]) for fact in facts]


class Use:
    name = "use"
    reads = {"vehicle": frozenset({"id"}), "trip": frozenset({"vehicle"})}
    distinct = "id"

    def measure(self, query, tables):
        sql = f"select count(*) from {tables['vehicle']} as v where not exists "
        return {"idle": query(f"{sql}(select from {tables['trip']} as t where t.vehicle = v.id)")[0][0]}

    def show(self, figures):
        yield Chart("Vehicles by use", "", "vehicle", [("idle", figures["idle"])])


KM = Measure("km", "coalesce(sum(x.km), 0)", "kilometres", is_sum=True)
DOMAIN = Domain(
    "fleet",
    impacts=(
        Impact("trip", "id", (Measure("trips", "count(*)", "trip"), KM), columns=("km",)),
        Impact(
            "vehicle", "id", (Measure("vehicles", "count(*)", "vehicle"), KM),
            related=Related("trip", "vehicle", "r.km > 0", {"km": "sum(r.km)"}, frozenset({"vehicle", "km"})),
        ),
    ),
    diagrams={"route": Route()},
    figures=(Use(),),
)
"""
TABLES = """
create table vehicle (id int primary key, seats int);
create table trip (id int primary key, vehicle int references vehicle, km numeric(6, 1));
insert into vehicle values (1, 4), (2, -1), (3, 0);
insert into trip values (1, 1, 10.5), (2, 2, 20), (3, 2, 5.5), (4, 2, -3), (5, null, 700);
"""
RULES = {
    "trip_has_vehicle": (
        "-- key: id\n-- diagram: route of id\n", "select t.id, t.km from trip as t where t.vehicle is null"
    ),
    "seats_are_positive": ("-- key: id\n", "select v.id from vehicle as v where v.seats <= 0"),
}  # fmt: skip


def package(folder: Path, code: str, name: str = "fleet") -> Path:
    """A folder that holds an installed package with a domain."""
    (folder / f"{name}.py").write_text(code)
    info = folder / f"{name}_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[order_audit.domains]\n{name} = {name}:DOMAIN\n")
    return folder


def order_audit(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The program, where a package is installed beside it."""
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [sys.executable, "-m", "order_audit", *words],
        capture_output=True, text=True, timeout=100, env=os.environ | {"PYTHONPATH": path}, check=False,
    )  # fmt: skip


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two rules on the fleet."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    for name, (header, sql) in RULES.items():
        (folder / f"{name}.sql").write_text(f"-- title: {name}\n-- severity: critical\n{header}{sql}\n")
    return folder


def test_a_domain_from_outside(dsn: str, suite: Path, tmp_path: Path) -> None:
    """Impact is added up in the scans, by the page's own statement too; diagram and figures are facts and drawings."""
    site = tmp_path / "site"
    site.mkdir()
    package(site, PACKAGE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES)
        out = tmp_path / "out"
        done = order_audit(site, "run", "--dsn", dsn, "--suite", str(suite), "--out", str(out))
        assert done.returncode == 1, done.stderr
        document: dict[str, Any] = json.loads((out / "results.json").read_text())
        found = {it["rule"]: it for it in document["results"]}
        assert found["trip_has_vehicle"]["impact"] == {"trips": 1, "km": 700}
        assert found["seats_are_positive"]["impact"] == {"vehicles": 2, "km": 25.5}
        for it in found.values():
            row = connection.execute(it["impact_sql"].encode()).fetchone()
            assert row is not None
            assert [float(number) for number in row] == list(it["impact"].values())
    assert found["trip_has_vehicle"]["diagram"] == {"kind": "route", "facts": [{"id": 5, "vehicle": None, "km": 700}]}
    assert document["profile"]["vehicle"]["use"] == {"idle": 1}
    page = (out / "report.html").read_text()
    for part in ("Trip 5 of 700.0 km", "As driven", "Vehicles by use", "(kilometres)", ">Km<"):
        assert part in page, part
    assert "Vehicles by use" in order_audit(site, "profile", "--dsn", dsn).stdout


def test_without_the_package_its_kinds_are_unknown(suite: Path) -> None:
    """The rule's file, and the kinds that there are, stand in one line."""
    with pytest.raises(expectations.SuiteError) as error:
        expectations.load(str(suite))
    assert "trip_has_vehicle.sql" in str(error.value)
    assert "diagram 'route of id' is not 'KIND of COLUMN, ...' with a kind of a domain (balance, lineage)" in str(
        error.value
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "domain 'fleet' of package fleet-rules cannot be loaded: division by zero"),
        ("DOMAIN = 1", "domain 'fleet' of package fleet-rules is no order_audit.domain.Domain"),
        (
            "from order_audit.domain import Domain\nDOMAIN = Domain('fleet', diagrams={'balance': None})",
            "domains 'fleet' and 'orders' both have the diagram kind 'balance'",
        ),
    ],
)
def test_a_domain_that_cannot_be_used(tmp_path: Path, suite: Path, code: str, said: str) -> None:
    """One line names the domain and its package."""
    done = order_audit(package(tmp_path, code), "rules", "--suite", str(suite))
    assert (done.returncode, done.stderr.strip()) == (2, f"order-audit: {said}")


def test_the_scenario_is_a_domain_like_any_other() -> None:
    """Its package registers it."""
    assert [domain.name for domain in domains()] == ["orders"]
    assert issubclass(DomainError, OrderAuditError)
