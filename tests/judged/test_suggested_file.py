"""The suggestions as one file: psql runs it, its findings are gone, and no others have come but by what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.analysis.ddl_tokens import split
from order_audit.audit.database.server import Server
from order_audit.audit.schema.suggested_file import suggested_file
from order_audit.reports.document import Outcome, SchemaFinding
from tests.cli.support import in_process
from tests.judged.support import found, made
from tests.judged.test_blocked import SCHEMA
from tests.support import servers

SCHEMAS: Final = Path(__file__).parents[1] / "schemas"
#: What statements bring: keys that are not validated because of rows, or have no index; columns told one by one.
BROUGHT: Final = {
    "constraint_is_validated",
    "foreign_key_has_index",
    "time_has_zone",
    "same_name_same_type",
    "reference_keeps_owner",
}
#: Names with line ends, quotation marks and what psql could take for variables; amounts in two types; tenants.
ODD: Final = """
    create table "a
    b" (id serial primary key, "price:USER" float8, "it's" varchar(10), note text, "x\\y" json);
    insert into "a
    b" ("price:USER") values (1.5);
    create table cash (id smallint primary key, price money, amount float8, total numeric, "Status" text);
    insert into cash values (1, 2.5, 1.25, 3, 'a'), (2, -1, -2, -3, 'b');
    create table cash_line (cash_id int, amount_cents bigint, amount_currency text, primary key (cash_id));
"""


def run_by_psql(dsn: str, file: Path) -> str:
    """Run a file as its head says; the error."""
    psql = str(servers.binaries(15) / "psql")
    words = [psql, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(file), dsn]
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.stderr if done.returncode else ""


def make(dsn: str, name: str) -> None:
    """Make the tables of a case."""
    kinds = {"blocked": SCHEMA, "odd": ODD}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((kinds.get(name) or (SCHEMAS / f"{name}.sql").read_text(encoding="utf-8")).encode())


@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(it, marks=pytest.mark.both_versions) for it in ("issues", "blocked", "odd")),
        *("sample", "pagila", "stackexchange", "adventureworks", "musicbrainz"),
    ],
)
def test_psql_runs_the_file_and_the_findings_are_gone(name: str, server: Server, tmp_path: Path) -> None:
    """Each that was judged to run. What is left needed a decision before."""
    is_scenario = name in ("sample", "issues")
    dsn = servers.new_database(server, name if is_scenario else "template0")
    if not is_scenario:
        make(dsn, name)
    before = found(dsn)
    file = tmp_path / "suggested.sql"
    done = in_process("lint", "--dsn", dsn, "--sql", str(file))
    assert done.returncode == 0
    assert str(file) in done.stdout
    text = file.read_text(encoding="utf-8")
    assert run_by_psql(dsn, file) == ""
    after = found(dsn)
    left_out = text.partition("decision first:")[2]
    for (rule, name_), finding in before.items():
        runs = finding.remedy != "redesign" and finding.outcome is not None and finding.outcome.kind == "runs"
        told = f"schema.{rule} {' '.join(name_.splitlines())}"
        assert runs or told in left_out, "what is not in the file is listed"
        assert not runs or (rule, name_) not in after or told in left_out, (rule, name_)
    assert {rule for rule, _ in after.keys() - before.keys()} <= BROUGHT
    words = [sql.lower().split(maxsplit=1)[0] for _, sql in split(text)]
    assert not {"begin", "commit", "start", "rollback"} & {*words}


def finding(rule: str, name: str, suggestion: str) -> SchemaFinding:
    """A finding whose suggestion runs."""
    it = made(suggestion, name, rule)
    return SchemaFinding(
        it.rule, it.title, it.severity, it.object, it.message, {}, suggestion, "statement", outcome=Outcome("runs")
    )


def test_two_findings_can_need_the_same_lookup_table(dsn: str, tmp_path: Path) -> None:
    """It is made once, with the rows of both; tables and types come before constraints, one of a kind once."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create table graph (id int primary key, kind varchar(9)); create table line (id int primary key, kind text);
            insert into graph values (1, 'a'), (2, 'b'); insert into line values (1, 'b'), (2, 'c');
        """)

    def lookup(table: str) -> str:
        return (
            "create table public.kind (name text primary key);\n"
            f"insert into public.kind (name) select distinct kind from public.{table};\n"
            f"alter table public.{table} add constraint k foreign key (kind) references public.kind (name) not valid;\n"
            f"alter table public.{table} validate constraint k"
        )

    findings = [
        finding("schema.b", "line.kind", lookup("line")),
        finding("schema.a", "graph.kind", lookup("graph")),
        finding("schema.z", "graph.kind", "alter table public.graph alter column kind type text"),
        finding("schema.y", "graph.kind", "alter table public.graph alter column kind type text;"),
        finding("schema.zz", "graph.kind", "alter table public.graph alter column kind type char(9)"),
        finding("schema.d", "graph", "alter table public.graph add constraint c check (kind::varchar <> '')"),
    ]
    text, written, left_out = suggested_file(findings, "public")
    assert (written, left_out) == (4, 2)
    assert text.count("create table public.kind") == 1
    assert text.count("alter column kind type text;") == 1
    assert "char(9)" not in text
    assert text.index("type text") < text.index("create table") < text.index("not valid") < text.index("validate")
    file = tmp_path / "both.sql"
    file.write_text(text, encoding="utf-8")
    assert run_by_psql(dsn, file) == ""
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select string_agg(name, '' order by name) from kind").fetchone() == ("abc",)
        validated = "select count(*) from pg_constraint where conname = 'k' and convalidated"
        assert connection.execute(validated).fetchone() == (2,)


def test_accepted_findings_are_left_out(sample: str, tmp_path: Path) -> None:
    """And a folder that is not there is said before anything is read."""
    accepted = tmp_path / "accepted.txt"
    accepted.write_text("schema.* *: for a reason\n", encoding="utf-8")
    file = tmp_path / "suggested.sql"
    done = in_process("lint", "--dsn", sample, "--allow", str(accepted), "--sql", str(file), "--json")
    assert done.returncode == 0
    assert done.stderr.endswith(f"{file}: the suggestions of 0 findings; 0 left out, which need a decision\n")
    assert [sql.split()[0] for _, sql in split(file.read_text(encoding="utf-8"))] == ["set", "set"]
    done = in_process("lint", "--dsn", sample, "--sql", str(tmp_path / "none" / "suggested.sql"))
    assert done.returncode == 2
    assert "there is no folder" in done.stderr
