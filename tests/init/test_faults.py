"""What `init` makes of conditions that nearly all rows meet: rules that fail at once, or a line of the summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.init import folder
from order_audit.audit.init.candidate import KINDS
from order_audit.audit.init.propose import Proposal, propose
from order_audit.audit.init.summary import summary_text
from tests.support import servers

#: A clinic: 1,000 patients, and appointments with few faults of each kind; 15 of 1,200 referrals lead nowhere.
TABLES = """
create table patient (patient_id int, email text, born_on date, sex text);
insert into patient
select g, 'p' || g || '@example.org', date '1960-01-01' + g * 7, (array['female', 'male'])[1 + g % 2]
from generate_series(1, 1000) as g;
update patient set born_on = current_date + 500 + patient_id where patient_id <= 4;
update patient set email = 'p' || patient_id where patient_id between 11 and 15;
create table appointment (
  appointment_id int, patient_id int, referring_patient_id int, status text, hour int, note_no int, seen_at timestamptz
);
insert into appointment
select g, 1 + g * 7 % 1000, 1 + g * 3 % 1000, (array['completed', 'cancelled'])[1 + g % 2], g % 24, g,
  timestamptz '2020-01-01' + g * interval '1 hour'
from generate_series(1, 1200) as g;
update appointment set patient_id = 5000 + appointment_id where appointment_id in (7, 700);
update appointment set referring_patient_id = 5000 + appointment_id where appointment_id <= 15;
update appointment set status = 'canceled' where appointment_id in (10, 20, 30, 40, 50, 60);
update appointment set hour = 99 where appointment_id = 500;
update appointment set note_no = null where appointment_id <= 10;
"""


@pytest.fixture(scope="module")
def proposal(servers_by_major: dict[int, Server], major: int) -> Iterator[Proposal]:
    with servers.database(servers_by_major[major]) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TABLES.encode())
        with Snapshot(dsn) as snapshot:
            yield propose(snapshot.connection)


def test_a_rule_that_nearly_all_rows_meet_fails_at_once(proposal: Proposal) -> None:
    broken = {file.id: file for file in proposal.files if any(it.broken for it in file.candidates)}
    assert {id: (file.first.severity, file.first.broken) for id, file in broken.items()} == {
        "appointment.patient_id_is_in_patient": ("critical", 2),
        "appointment.status_is_known": ("warning", 6),
        "appointment.hour_range": ("warning", 1),
        "patient.email_has_its_format": ("warning", 5),
        "patient.born_on_not_in_future": ("warning", 4),
    }
    for file in broken.values():
        assert "-- tolerate" not in file.text
        assert f"; broken: {file.first.broken}. A run fails on them" in file.text


def test_what_is_nearly_a_rule_is_told_without_being_asked(proposal: Proposal) -> None:
    text = summary_text(proposal)
    assert "5 rules that nearly all rows meet, which a run fails on:\n" in text
    assert text.split("most rows meet it:\n")[1].splitlines() == [
        "  appointment.referring_patient_id is not in patient: 15 of 1,200 (1.25 %)",
        "  appointment.note_no is NULL: 10 of 1,200 (0.83 %)",
    ]
    assert "all hold" not in text


def test_the_readme_has_each_severity(proposal: Proposal, tmp_path: Path) -> None:
    files = {file.first.kind: file.first.severity for file in proposal.files}
    folder.write(tmp_path / "suite", proposal.files, "")
    text = (tmp_path / "suite" / "README.md").read_text()
    assert "add a line `-- tolerate: 20 rows`" in text
    for kind, severity in files.items():
        assert f"| {KINDS[kind][1]} | {severity} |" in text
