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
from order_audit.audit.init.codes import forms
from order_audit.audit.init.propose import Proposal, propose
from order_audit.audit.init.summary import summary_text
from tests.support import servers

#: A clinic: 1,000 patients, and appointments with few faults of each kind; 15 of 1,200 referrals lead nowhere.
TABLES = """
create table patient (patient_id int, email text, born_on date, sex text, mark text, code text);
insert into patient
select g, 'p' || g || '@example.org', date '1960-01-01' + g * 7, (array['female', 'male'])[1 + g % 2],
  case when g > 5 then 'N' || g % 90 + 10 else 'N' || g end,
  chr(65 + g % 26) || lpad((g % 100)::text, 2, '0') || chr(65 + g % 7) || chr(65 + g % 9)
    || lpad((g % 97)::text, 2, '0')
from generate_series(1, 1000) as g;
update patient set born_on = current_date + 500 + patient_id where patient_id <= 4;
update patient set email = 'p' || patient_id where patient_id between 11 and 15;
update patient set email = 'P22@Example.org' where patient_id = 21;
update patient set code = left(code, 2) || 'O' || right(code, 4) where patient_id in (500, 600);
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
create table bill as select appointment_id as bill_id, appointment_id from appointment where appointment_id % 2 = 0;
create table lost_bill as select bill_id + 1000 as lost_bill_id, appointment_id from bill where bill_id % 24 = 0;
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
        "patient.email_is_unique": ("warning", 1),
        "patient.email_has_its_format": ("warning", 5),
        "patient.code_has_its_format": ("warning", 2),
        "patient.born_on_not_in_future": ("warning", 4),
    }
    for file in broken.values():
        assert "-- tolerate" not in file.text
        assert f"; broken: {file.first.broken}. A run fails on them" in file.text


def test_what_is_nearly_a_rule_is_told_without_being_asked(proposal: Proposal) -> None:
    text = summary_text(proposal)
    assert "7 rules that nearly all rows meet, which a run fails on:\n" in text
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


def test_emails_are_compared_without_case_and_codes_place_by_place(proposal: Proposal) -> None:
    files = {file.id: file for file in proposal.files}
    assert "select lower(t.email) as email, count(*)" in files["patient.email_is_unique"].query
    assert "t.code !~ '^[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}$'" in files["patient.code_has_its_format"].query
    assert "patient.code is not a code of the form A99AA99" in files["patient.code_has_its_format"].text
    # codes of two lengths may both be right
    assert "patient.mark_has_its_format" not in files


def test_what_references_is_not_unique_by_a_few_rows(proposal: Proposal) -> None:
    files = {file.id: file for file in proposal.files}
    assert files["bill.appointment_id_is_unique"].first.severity == "info"
    assert files["bill.bill_id_is_unique"].first.severity == "critical"
    assert "lost_bill.appointment_id_is_unique" not in files
    reasons = {(it.subject, it.kind): it.reason for it in proposal.omitted}
    assert "by chance" in reasons["lost_bill.appointment_id", "unique"]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([f"A{n:02}" for n in range(30)], ["^[A-Z][0-9]{2}$", "^[A-Z0-9]{3}$"]),
        ([f"{n:05}" for n in range(30)] + ["x", "123"], ["^[0-9]{5}$", "^[A-Z0-9]{5}$"]),
        ([f"AB-{n:04}" for n in range(30)], ["^[A-Z]{2}-[0-9]{4}$"]),
        # too few for a letter at a place to be more than chance
        ([f"A{n:02}" for n in range(19)], ["^[A-Z0-9]{3}$"]),
        ([f"{chr(65 + n % 26)}{n % 10}" if n % 2 else f"{n % 10}X" for n in range(40)], ["^[A-Z0-9]{2}$"]),
        (["ab", "abcd", "a" * 30, "Ä"], []),
        ([], []),
    ],
)
def test_forms_of_codes(samples: list[str], expected: list[str]) -> None:
    assert [form.pattern for form in forms(samples)] == expected
