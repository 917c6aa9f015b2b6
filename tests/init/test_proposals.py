"""What `init` proposes for a database of known content, and what it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.init import folder
from order_audit.audit.init.propose import Proposal, propose
from order_audit.audit.init.rule_files import MOST, RuleFile
from order_audit.audit.init.summary import explanation, summary_text
from order_audit.expectations import load
from tests.support import servers

pytestmark = pytest.mark.both_versions

#: Stations with readings: each fault that a rule is about is missing, or in one row of a thousand and more. A station's
#: name is the letter v, which is not blank.
TABLES = """
create table station (code text, name text, opened date, closed date, email text, phone text);
insert into station
select chr(65 + g / 26) || chr(65 + g % 26) || 'X', case g when 7 then 'v' else 'Station ' || g end,
  date '2001-01-01' + g, case when g % 2 = 0 then date '2011-01-01' + g end,
  's' || g || '@example.org', '+1 555 010 ' || 1000 + g
from generate_series(0, 59) as g;

create table reading (
  station text, taken timestamptz, kind text, sensor_code text, sensor_name text, level numeric, change numeric,
  month int, note text, status text check (status in ('ok', 'bad')), amount int not null, home_station_code text,
  first_seen date
);
insert into reading
select s.code, timestamptz '2020-01-01' + g * interval '1 hour', (array['rain', 'snow', 'wind'])[1 + g % 3],
  'S' || g % 9, 'Sensor ' || g % 9, (g % 50) / 10.0, g % 7 - 3, 1 + g % 12,
  case when g % 2 = 0 then 'n ' || g end, 'ok', g, (array['AAX', 'ABX', 'ACX'])[1 + g % 3],
  case when g > 0 then date '2020-01-01' + g end
from generate_series(0, 49) as g
cross join station as s;
update reading set kind = null where station = 'AAX' and taken = '2020-01-01';
insert into reading
select 'ZZZ', timestamptz '2021-01-01', 'rain', 'S1', 'Sensor 1', 1, 0, 1, null, 'ok', 1, 'AAX', '2021-01-01';
create table empty (id int primary key, name text);
create view shown as select code, name from station;
"""


@pytest.fixture(scope="module")
def dsn_of_stations(servers_by_major: dict[int, Server], major: int) -> Iterator[str]:
    with servers.database(servers_by_major[major]) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TABLES.encode())
        yield dsn


@pytest.fixture(scope="module")
def proposal(dsn_of_stations: str) -> Proposal:
    with Snapshot(dsn_of_stations) as snapshot:
        return propose(snapshot.connection)


def _file(proposal: Proposal, id: str) -> RuleFile:
    return next(file for file in proposal.files if file.id == id)


def _reasons(proposal: Proposal, subject: str) -> dict[str, str]:
    return {it.kind: it.reason for it in proposal.omitted if it.subject == subject}


def test_proposes_what_holds_and_hardly_more(proposal: Proposal) -> None:
    assert {file.id for file in proposal.files} == {
        "reading.row_count",
        "station.code_is_unique", "station.not_null", "station.opened_not_above_closed", "station.email_has_its_format",
        "station.phone_has_its_format", "station.not_in_future", "station.not_blank", "station.email_is_unique",
        "reading.key_is_unique", "reading.station_is_in_station", "reading.home_station_code_is_in_station",
        "reading.not_null", "reading.kind_not_null", "reading.kind_is_known", "reading.sensor_code_is_known",
        "reading.in_range", "reading.not_blank", "station.code_has_its_format",
        "reading.not_negative", "reading.not_in_future", "reading.sensor_code_has_one_sensor_name",
    }  # fmt: skip
    for area in ("station", "reading"):
        assert sum(file.area == area for file in proposal.files) <= MOST


def test_header_has_the_figures_and_the_exceptions(proposal: Proposal) -> None:
    text = _file(proposal, "reading.station_is_in_station").text
    assert "-- key: taken, station\n" in text or "-- key: station, taken\n" in text
    for file in proposal.files:
        assert not re.search(r"[Nn]o row|[Aa]ll values|[Ee]ach|always", file.text) or not any(
            it.broken for it in file.candidates
        ), file.text
    assert "-- tolerate" not in text
    assert "from 3,001 rows; broken: 1. A run fails on them" in text
    assert "61 different values; station.code has 60" in text
    assert "-- title: station.opened is after closed\n" in _file(proposal, "station.opened_not_above_closed").text
    assert "none breaks it" in _file(proposal, "reading.not_negative").text
    assert " 60 rows: none breaks it." in _file(proposal, "station.not_blank").text
    assert "reading.level: 0" in _file(proposal, "reading.not_negative").text


def test_values_of_a_list_are_in_the_query(proposal: Proposal) -> None:
    assert "t.kind not in ('rain', 'snow', 'wind')" in " ".join(_file(proposal, "reading.kind_is_known").query.split())


def test_personal_values_are_nowhere(proposal: Proposal) -> None:
    everything = "".join(file.text for file in proposal.files) + explanation(proposal) + summary_text(proposal)
    assert "example.org" not in everything
    assert "555" not in everything


def test_tells_why_not(proposal: Proposal) -> None:
    assert _reasons(proposal, "empty") == {"all": "it is empty"}
    assert "CHECK constraint" in _reasons(proposal, "reading.status")["allowed values"]
    assert _reasons(proposal, "reading.amount")["not null"] == "the schema enforces it"
    assert _reasons(proposal, "reading.note")["not null"] == "it is NULL in 1,501 of 3,001 rows"
    assert "  reading.note\n" in explanation(proposal)


def test_summary_counts_rules_and_shows_exceptions(proposal: Proposal) -> None:
    text = summary_text(proposal)
    assert f"{len(proposal.files)} rules for 2 of 3 tables; empty: empty\n" in text
    faults, tolerated = text.split("which a run fails on:")[1].split("which the rules tolerate:")
    assert "reading.station is not in station: 1 of 3,001 (0.03 %)" in faults
    assert "reading.kind is NULL: 1 of 3,001 (0.03 %)" in tolerated


def test_every_file_is_a_rule_that_gives_no_more_rows_than_told(
    proposal: Proposal, dsn_of_stations: str, tmp_path: Path
) -> None:
    folder.write(tmp_path / "suite", proposal.files, "")
    suite = load(tmp_path / "suite" / folder.RULES)
    assert [rule.id for rule in suite.rules] == sorted(file.id for file in proposal.files)
    by_id = {file.id: file for file in proposal.files}
    with psycopg.connect(dsn_of_stations) as connection:
        for rule in suite.rules:
            cursor = connection.execute(rule.sql.encode())
            rows = cursor.fetchall()
            if rule.measure is None:
                assert len(rows) == sum(it.broken for it in by_id[rule.id].candidates)
            assert {*rule.key} <= {column.name for column in cursor.description or ()}


def test_views_are_looked_at_if_they_are_named(dsn_of_stations: str) -> None:
    with Snapshot(dsn_of_stations) as snapshot:
        found = propose(snapshot.connection, names=["shown"])
    assert found.has("shown")
    assert "shown.not_null" in {file.id for file in found.files}
    assert not {file.first.kind for file in found.files} & {"allowed_values"}


def test_a_table_is_not_read_again_for_each_file(dsn_of_stations: str) -> None:
    with Snapshot(dsn_of_stations) as snapshot:
        files = propose(snapshot.connection, names=["station"]).files
        row = snapshot.connection.execute(
            "select seq_scan from pg_stat_xact_user_tables where relname = 'station'"
        ).fetchone()
    with_queries = sum(bool(file.first.query) for file in files)
    assert len(files) > with_queries + 4
    # for the profile, all conditions, the values of two codes, and first values for their formats
    assert row == (with_queries + 5,)


def test_rules_name_rows_by_columns_that_differ(dsn: str) -> None:
    """A key that may be chance is no rule, and still tells rows apart."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table guide (code text primary key);"
            "insert into guide select 'G' || g from generate_series(10, 28) as g;"
            "create table tour (guide_code text, tour int, begins timestamptz);"
            "insert into tour select 'G' || 28 + g % 2, g % 100, timestamptz '2020-01-01' + g % 98 * interval '1 hour'"
            " from generate_series(0, 119) as g"
        )
    with Snapshot(dsn) as snapshot:
        proposal = propose(snapshot.connection)
    assert _reasons(proposal, "tour")["composite key"] == "(tour, begins) differs in each row, which may be chance"
    assert "-- key: tour, begins\n" in _file(proposal, "tour.not_null").text
    assert _reasons(proposal, "tour.guide_code")["reference"] == (
        "60 rows of 120 would break it: tour.guide_code is not in guide"
    )
