"""Nothing that an audit writes or prints gives a person or a secret away, whatever a rule selects."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.system.masking import Audited, run_program, seen, what_is_allowed, what_is_hidden
from tests.system.masking_rules import ERRORS, EVIDENCE, KEYS, personal_database, write_suite

PASSWORD: Final = "pw-Zx81/q@ü%7"


@pytest.fixture(scope="module")
def database(server_18: Server) -> Iterator[str]:
    """Sample and issues, and what those rules need; the DSN holds a password (the server trusts without)."""
    with personal_database(server_18) as made:
        yield made


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules of `masking_rules` as a suite of a user's own."""
    return write_suite(tmp_path_factory)


@pytest.fixture(scope="module")
def audits(database: str, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Audited]:
    """The shipped suite, the user's own, and both unmasked."""
    home = tmp_path_factory.mktemp("home")
    words = psycopg.conninfo.conninfo_to_dict(database)
    url = (
        f"postgresql://postgres:{quote(PASSWORD, safe='')}@/{words['dbname']}"
        f"?host={quote(str(words['host']), safe='')}&port={words['port']}"
    )
    asked = {
        "shipped": ["--dsn", url],
        "own": ["--dsn", f"{database} password='{PASSWORD}'", "--suite", str(suite)],
        "unmasked": ["--dsn", url, "--suite", "current", "--suite", str(suite), "--unmask"],
    }
    return {name: run_program(words, home, home / name) for name, words in asked.items()}


@pytest.fixture(scope="module")
def hidden(database: str) -> frozenset[str]:
    """All personal values and secrets in the database, and their revealing parts."""
    return what_is_hidden(database)


@pytest.fixture(scope="module")
def allowed(database: str, suite: Path) -> str:
    """Where a hidden value's part may stand for another reason: in suites' texts, and in the names of companies."""
    return what_is_allowed(database, suite)


# -- what must not be seen -----------------------------------------------------------------------------------------


def test_there_is_something_to_hide(hidden: frozenset[str]) -> None:
    """The search for leaks looks for what the scenario is known to hold."""
    assert {
        "accounts@goldengatesolar.example.com",
        "555-1234",
        "18 fulton street, san francisco",
        "maren oduya",
        "leads@goldengatesolar.example.com",
        "not-a-real-key-hudson-7f3a",
        "made-up-password-2326",
        "bearer made-up-bearer-2322",
        "made-up-token-9001",
        "130 alder square\natlanta",
        "siobhán o’marrow",
    } <= hidden
    assert len(hidden) > 300


def test_leaks_are_found() -> None:
    """The search itself: it sees a value through JSON, HTML, XML, CSV and Markdown."""
    value = 'ann "o\'neil" <x>\nélan'
    for shown in (
        json.dumps({"a": value}),
        json.dumps(json.dumps(value)),
        json.dumps(value, ensure_ascii=False),
        html.escape(value),
        f"<td>{html.escape(value, quote=False).upper()}</td>",
        value.replace('"', '""'),
        "* " + " ".join(value.split()),
        "130 <b>alder</b> square",
    ):
        assert seen(shown, frozenset({value, "130 alder square"})), shown


# -- the shipped suite ---------------------------------------------------------------------------------------------


def test_every_format_was_written(audits: dict[str, Audited]) -> None:
    """The search below includes all files."""
    for audited in audits.values():
        assert sorted(audited.texts()) == [
            "junit.xml", "report.html", "results.json", "stderr", "stdout", "summary.md", "violations.csv",
        ]  # fmt: skip


def test_the_shipped_suite_gives_nobody_away(audits: dict[str, Audited], hidden: frozenset[str], allowed: str) -> None:
    """No file and no stream holds a personal value or a secret of the sample data or the issues."""
    leaks = {name: seen(text, hidden, allowed) for name, text in audits["shipped"].texts().items()}
    assert {name: values[:10] for name, values in leaks.items() if values} == {}


def test_no_file_or_stream_of_own_rules_gives_anybody_away(
    audits: dict[str, Audited], hidden: frozenset[str], allowed: str
) -> None:
    """The same for rules of a user's own; the tests below say which rule it is."""
    leaks = {name: seen(text, hidden, allowed) for name, text in audits["own"].texts().items()}
    assert {name: values[:10] for name, values in leaks.items() if values} == {}


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_is_masked_under_any_name(
    audits: dict[str, Audited], hidden: frozenset[str], allowed: str, name: str
) -> None:
    """A column's new name, or none, does not take its mask off."""
    found = audits["own"].result(f"evidence.{name}")
    assert found["status"] == "failed", found
    assert found["examples"]
    assert seen(json.dumps(found["examples"], ensure_ascii=False), hidden, allowed)[:5] == []


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_masked_under_any_name(
    audits: dict[str, Audited], hidden: frozenset[str], allowed: str, name: str
) -> None:
    """A key that is a personal value is written as a digest; different keys stay different."""
    audited = audits["own"]
    found = audited.result(f"keys.{name}")
    keys = audited.keys(f"keys.{name}")
    assert found["status"] == "failed", found
    assert found["violations"] == len(keys)
    assert len([key for key in keys if key]) == len({*keys} - {""})
    assert seen("\n".join(keys), hidden, allowed)[:5] == []
    assert seen(json.dumps(found["examples"], ensure_ascii=False), hidden, allowed)[:5] == []
    unmasked = audits["unmasked"].result(f"keys.{name}")
    assert unmasked["violations"] == found["violations"]


@pytest.mark.parametrize("name", ERRORS)
def test_errors_quote_nobody(audits: dict[str, Audited], hidden: frozenset[str], allowed: str, name: str) -> None:
    """A server's message on a value is shown without the value."""
    found = audits["own"].result(f"errors.{name}")
    assert found["status"] == "errored", found
    assert found["error"]
    assert seen(json.dumps(found, ensure_ascii=False), hidden, allowed)[:5] == []


def test_errors_stay_useful(audits: dict[str, Audited]) -> None:
    """Other parts stay: the error, its position, the name of a missing column."""
    audited = audits["own"]
    assert "invalid input syntax for type integer" in audited.result("errors.cast_to_int")["error"]
    assert "errors/cast_to_int.sql" in audited.result("errors.cast_to_int")["file"]
    found = audited.result("errors.typing_error")
    assert 'column "nosuchcolumn" does not exist' in found["error"]
    assert found["error_at"] == {"sqlstate": "42703", "file": found["file"], "line": 5, "column": 7}


def test_personal_keys_are_digests(audits: dict[str, Audited]) -> None:
    """The way a hidden key is written."""
    assert all(re.fullmatch("hmac-sha256:[0-9a-f]{64}", key) for key in audits["own"].keys("keys.email"))


# -- what must stay readable ---------------------------------------------------------------------------------------


def test_what_is_no_secret_stays_readable(audits: dict[str, Audited], database: str) -> None:
    """Ids, statuses, dates, bitmaps, amounts and state codes are the same masked and unmasked, and as in the table."""
    masked, unmasked = (audits[name].result("plain.readable")["examples"] for name in ("own", "unmasked"))
    assert masked == unmasked
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select o.order_id, o.order_status, o.order_schedule::text, o.order_amount, c.address_state, "
            "o.delivery_script_name from orders as o join customers as c using (customer_id) "
            "where o.order_id between 1001 and 1010 order by 1"
        ).fetchall()
    names = ("order_id", "order_status", "order_schedule", "order_amount", "address_state", "delivery_script_name")
    assert [tuple(row[name] for name in names) for row in masked] == rows


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("customers.state_is_usps_code", ["customer_id", "address_state"]),
        ("orders.status_is_known", ["order_id", "order_status"]),
        ("orders.amount_is_not_negative", ["order_id", "order_amount"]),
        ("orders.schedule_repeats_by_day", ["order_id"]),
        ("lineage.order_ref_exists", ["order_id", "order_ref"]),
        ("customers.balance_is_finite", ["customer_id", "customer_balance"]),
        ("orders.customer_exists", ["order_id", "customer_id"]),
        ("recreation.decision_survives_rounding", ["order_id", "order_amount", "customer_balance"]),
    ],
)
def test_shipped_evidence_stays_readable(audits: dict[str, Audited], rule: str, names: list[str]) -> None:
    """The fault itself can be read in the masked evidence."""
    masked, unmasked = (audits[name].result(rule)["examples"] for name in ("shipped", "unmasked"))
    assert masked
    for name in names:
        assert [row[name] for row in masked] == [row[name] for row in unmasked]


def test_masked_evidence_keeps_what_is_wrong(audits: dict[str, Audited]) -> None:
    """Spaces, missing signs and placeholders are the finding, and are seen."""
    shipped = audits["shipped"]
    emails = {
        row["customer_id"]: row["customer_email"] for row in shipped.result("customers.email_is_valid")["examples"]
    }
    assert "@" not in emails[105]
    assert emails[106].count("@") == 1
    assert "; " in emails[107]
    assert emails[108].endswith("\n")
    assert emails[111].startswith(" ")
    assert emails[122] == ""
    assert emails[127] == "none"


# -- unmasked ------------------------------------------------------------------------------------------------------


def test_unmask_shows_the_values(audits: dict[str, Audited], database: str) -> None:
    """With --unmask the evidence, the keys and the errors are as the database has them, and the result says so."""
    audited = audits["unmasked"]
    assert audited.document()["run"]["masked"] is False
    assert audits["own"].document()["run"]["masked"] is True
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select customer_id, customer_email, address, customer_phone from customers order by 1"
        ).fetchall()
    shown = audited.result("evidence.renamed")["examples"]
    assert [(row["customer_id"], row["one"], row["two"], row["three"]) for row in shown] == rows
    arguments = [row["one"] or "" for row in audited.result("evidence.json_text")["examples"]]
    assert any("not-a-real-key-hudson-7f3a" in text for text in arguments)
    assert "@" in audited.result("errors.raised")["error"]
    assert '"' in audited.result("errors.cast_to_int")["error"]


def test_unmask_shows_the_keys(audits: dict[str, Audited], database: str) -> None:
    """With --unmask the evidence of a personal key is what the table holds."""
    with psycopg.connect(database) as connection:
        emails = {email for (email,) in connection.execute("select customer_email from customers")}
    shown = audits["unmasked"].result("keys.email")["examples"]
    assert {row["customer_email"] for row in shown} == emails


def test_the_password_is_nowhere(audits: dict[str, Audited]) -> None:
    """Not even unmasked: no file and no stream holds the DSN's password."""
    spelt = {PASSWORD, quote(PASSWORD, safe=""), quote(PASSWORD), json.dumps(PASSWORD)[1:-1], html.escape(PASSWORD)}
    for audited in audits.values():
        for name, text in audited.texts().items():
            assert not [word for word in spelt if word in text], name
