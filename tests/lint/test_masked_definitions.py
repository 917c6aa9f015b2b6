"""Values in the catalogs are masked as data are: literals, comments, labels, bounds; so are keys of a profile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.schema import masked
from order_audit.audit.secret_numbers import unnumbered
from tests.support import servers
from tests.support.program import order_audit

#: Values that stand in the catalogs, each in a place of its own; none belongs to anybody.
VALUES: Final = (
    "check@example.org", "default@example.org", "partial@example.org", "made@example.org", "comment@example.org",
    "label@example.org", "bound@example.org", "view@example.org", "policy@example.org", "trigger@example.org",
    "domain@example.org", "key@example.org", "unenforced@example.org", "Zirkonweg 5", "kd7Q-made-up-key-0417",
    "swordfish-03", "555-123-4567",
)  # fmt: skip
CATALOG: Final = """
create type kinds as enum ('label@example.org', 'plain');
create domain reached as text check (value <> 'domain@example.org');
create table contacts (
  id int primary key, kind kinds default 'plain',
  email text default 'default@example.org' check (email <> 'Zirkonweg 5'),
  api_key text check (api_key <> 'swordfish-03'), note text check (note <> 'kd7Q-made-up-key-0417'), via reached,
  status text check (status in ('active', 'closed', 'check@example.org')), amount_eur real default 0,
  made text generated always as (note || 'made@example.org') stored, orders_id int
);
create index on contacts (status) where note = 'partial@example.org';
create index on contacts (status) where note = 'partial@example.org' and status is not null;
comment on table contacts is
  'ask comment@example.org or 555-123-4567, password=swordfish-03 or token kd7Q-made-up-key-0417';
create table bounds (email text, id int) partition by list (email);
create table bound partition of bounds for values in ('bound@example.org', 'Zirkonweg 5');
create view seen as select id, status from contacts where email <> 'view@example.org
' and status = 'active';
create policy own on contacts using (note = 'policy@example.org');
create function nothing() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger noted before insert on contacts for each row execute function nothing('trigger@example.org');
alter table contacts add constraint unenforced check (note <> 'unenforced@example.org') not valid;
alter table orders drop constraint chk_status;
update orders set order_status = 'key@example.org' where order_id in (1001, 1002);
"""


@pytest.fixture(scope="module")
def catalog(server_18: Server) -> Iterator[str]:
    """The sample data beside the tables above, and a rule that reads them."""
    dsn = servers.new_database(server_18, "sample")
    with psycopg.connect(dsn) as connection:
        connection.execute(CATALOG.encode())
    yield dsn
    servers.drop_database(server_18, dsn)


def outputs(dsn: str, out: Path, *more: str) -> dict[str, str]:
    """All that a run and a lint write and print."""
    rule = out / "rules" / "read.sql"
    rule.parent.mkdir(parents=True)
    rule.write_text(
        "-- title: A\n-- severity: info\n-- key: id\n"
        "select c.id from contacts as c left join bound as b on b.id = c.id left join orders as o on o.order_id = c.id"
        " left join customers as u on u.customer_id = c.id",
        encoding="utf-8",
    )
    done = order_audit("run", "--dsn", dsn, "--suite", str(rule), "--verbose", "--out", str(out / "out"), *more)
    texts = {path.name: path.read_text(encoding="utf-8") for path in (out / "out").iterdir()}
    texts["run"] = done.stdout + done.stderr
    texts["lint"] = order_audit("lint", "--dsn", dsn, "--sql", str(out / "suggested.sql"), *more).stdout
    texts["lint --json"] = order_audit("lint", "--dsn", dsn, "--json", *more).stdout
    assert '"schema_findings"' in texts["lint --json"]
    return texts


def test_no_value_of_the_catalogs_is_shown(catalog: str, tmp_path: Path) -> None:
    """Not by a run, not by lint; names, statuses and lengths are. --unmask shows the values."""
    shown = outputs(catalog, tmp_path / "masked")
    for place, text in shown.items():
        assert [value for value in VALUES if value in text] == [], place
    document = json.loads(shown["results.json"])
    tables = {it["table"]: "\n".join(line["sql"] for line in it["lines"]) for it in document["ddl"]["tables"]}
    assert "status = ANY (ARRAY['active'::text, 'closed'::text, 'c••••@•••••••.•••'::text])" in tables["contacts"]
    assert "'label" not in tables["contacts"]
    assert "CREATE TYPE kinds AS ENUM ('l••••@•••••••.•••', 'plain');" in tables["contacts"]
    assert "FOR VALUES IN ('b••••@•••••••.•••', 'Z•••••••• •');" in tables["bound"]
    assert re.search(r"api_key <> '\[secret \d\]'::text", tables["contacts"])
    assert "status = 'active'::text" in tables["seen"]
    positions = document["profile"]["orders"]["lineages"]["status_by_position"]
    assert {"k••@•••••••.•••", "active"} <= positions["1"].keys()
    seen = outputs(catalog, tmp_path / "unmasked", "--unmask")
    assert [value for value in VALUES if value not in seen["results.json"]] == []
    assert "key@example.org" in seen["report.html"]


def test_a_suggestion_with_a_masked_value_says_so(catalog: str, tmp_path: Path) -> None:
    """It would not do what it should; the file of --sql has the values, and --unmask shows them."""
    file = tmp_path / "suggested.sql"
    found = [
        json.loads(order_audit("lint", "--dsn", catalog, "--json", "--sql", str(file), *more).stdout)["schema_findings"]
        for more in ((), ("--unmask",))
    ]
    pairs = [(it["suggestion"], whole["suggestion"]) for it, whole in zip(*found, strict=True) if it != whole]
    differing = [(some, whole) for some, whole in pairs if some != whole]
    assert differing
    for some, whole in differing:
        assert some.startswith(masked.NOTE)
        assert any(value in whole for value in VALUES)
    written = file.read_text(encoding="utf-8")
    assert "•" not in written
    assert masked.NOTE not in written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("email text DEFAULT 'n/a'::text", "email text DEFAULT 'n/a'::text"),
        ("CHECK (char_length(email) <= 320)", "CHECK (char_length(email) <= 320)"),
        ("CHECK (phone <> 5550001111)", "CHECK (phone <> ••••••••••)"),
        ("CHECK ((args ->> 'token'::text) <> 'abc'::text)", "CHECK ((args ->> 'token'::text) <> '[secret]'::text)"),
        ("CHECK (email <> 'Ada' AND status = 'new')", "CHECK (email <> '•••' AND status = 'new')"),
        ("CHECK (status = 'it''s' OR email = E'Ad\\'a')", "CHECK (status = 'it''s' OR email = E'A•\\'•')"),
        ("id int DEFAULT nextval('contacts_id_seq'::regclass)", "id int DEFAULT nextval('contacts_id_seq'::regclass)"),
        ("ALTER TABLE contacts ADD CHECK (kind = 'a')", "ALTER TABLE contacts ADD CHECK (kind = 'a')"),
        ("COMMENT ON COLUMN c.email IS 'What it means.'", "COMMENT ON COLUMN c.email IS 'What it means.'"),
        ("COMMENT ON TABLE c IS 'the token is ab12, password: x'",
         "COMMENT ON TABLE c IS 'the token is [secret], password: [secret]'"),
        ("select setval(pg_get_serial_sequence('contacts', 'email_id'), 5)",) * 2,
        ("-- after it, run: alter table c add check (email <> 'Ada')",
         "-- after it, run: alter table c add check (email <> '•••')"),
        ("SELECT u.email, 'yes' AS live FROM users u", "SELECT u.email, 'yes' AS live FROM users u"),
    ],
)  # fmt: skip
def test_a_literal_goes_by_the_names_in_its_condition(written: str, shown: str) -> None:
    """And not by the names of tables, nor by those in another condition."""
    assert unnumbered(masked.definition(written)) == shown


def test_prose_with_a_quotation() -> None:
    """An apostrophe begins no literal, and what a message quotes is masked."""
    text = "the table's index (kind) WHERE (email = 'Ada'::text) isn't there"
    assert masked.prose(text) == text.replace("Ada", "•••")
