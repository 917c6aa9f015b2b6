"""Rules and fixes of a user, on the user's tables, without any shipped ones."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import scenario
from order_audit.expectations import load
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.guard_state import state
from order_audit.fixes.guarding.install import install, remove
from order_audit.fixes.planning.planner import plan
from tests.support import program
from tests.support.clients import psql

ROOT = Path(__file__).parents[2]
SCHEMA = (ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_text(encoding="utf-8")
CUSTOMERS, ORDERS = (f"create table {part}" for part in SCHEMA.split("create table ")[1:])
#: Possible tables next to the user's, with the names of the shipped suite's.
BESIDE = {
    "nothing": "",
    "customers": CUSTOMERS,
    "orders": ORDERS.replace(" references customers (customer_id)", ""),
    "both": CUSTOMERS + ORDERS,
    "others of the names": "create table orders (id int primary key, total int);"
    "create table customers (id int primary key, name text)",
    "views of the names": "create view orders as select 1 as order_id; create view customers as select 1 as id",
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A user's rule with its fix, beside measured rules, as options of a command."""
    folder = tmp_path_factory.mktemp("own")
    for name, text in {
        "rules": "-- title: Name has blanks around it\n-- severity: warning\n-- key: id\n"
        "select p.id, p.name from parcels as p where p.name <> btrim(p.name)\n",
        "fixes": "-- assumes: blanks mean nothing\n-- leave: the blanks stay\n\n-- automatic: trimmed\n"
        "-- update parcels by id:\nselect v.id, btrim(v.name) as name from violation as v;\n",
    }.items():
        (folder / name / "parcels").mkdir(parents=True)
        (folder / name / "parcels" / "name_is_trimmed.sql").write_text(text, encoding="utf-8")
    for name, key, query in (("row_count", "", "select count(*) as n"), ("few", "-- key: id\n", "select id, 1 as n")):
        (folder / "rules" / "parcels" / f"{name}.sql").write_text(
            f"-- title: t\n-- severity: info\n-- measure: n\n-- at_most: 1\n{key}{query} from parcels", encoding="utf-8"
        )
    return ["--suite", str(folder / "rules"), "--fixes", str(folder / "fixes")]


def order_audit(dsn: str, *words: str, code: int = 0) -> str:
    """Run a command on fixes; return its output on both streams."""
    done = program.order_audit("fixes", *words, DATABASE_URL=dsn)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def parcels(dsn: str) -> dict[int, str]:
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute("select id, name from parcels order by id").fetchall())


BEFORE = {1: " a", 2: "b", 3: "c "}
TRIMMED = {1: "a", 2: "b", 3: "c"}


def filled(dsn: str, beside: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(beside.encode())
        connection.execute("create table parcels (id int primary key, name text)")
        connection.cursor().executemany("insert into parcels values (%s, %s)", BEFORE.items())


def test_every_command_works_without_the_shipped_tables(dsn: str, own: list[str], tmp_path: Path) -> None:
    filled(dsn, "")
    decisions, project = tmp_path / "decisions.toml", tmp_path / "project"
    assert "no fix was ever applied" in order_audit(dsn, "status")
    planned = order_audit(dsn, "plan", *own, "--out", str(decisions), "--quiet")
    assert "2 changes would be made; 2 violations now, 0 after the fixes" in planned
    assert "2 changes" in order_audit(dsn, "emit", *own, "--out", str(project), "--quiet")
    rehearsed = order_audit(dsn, "apply", *own, "--rehearse", "--quiet")
    assert "2 changes, rolled back" in rehearsed
    assert "no other rule fails" in rehearsed
    assert "2 rows changed" in order_audit(dsn, "apply", *own, "--decisions", str(decisions), "--quiet")
    assert parcels(dsn) == TRIMMED
    assert "parcels.name_is_trimmed" in order_audit(dsn, "status")
    assert order_audit(dsn, "revert", "--quiet") == "parcels.name_is_trimmed: 2 rows reverted\n"
    assert parcels(dsn) == BEFORE
    assert order_audit(dsn, "revert", "--quiet") == "no fix is applied\n"
    for folder, then in (("deploy", TRIMMED), ("verify", TRIMMED), ("revert", BEFORE)):
        names = ["journal", "parcels.name_is_trimmed"] if folder == "deploy" else ["parcels.name_is_trimmed"]
        done = psql(dsn, *(project / folder / f"{name}.sql" for name in names))
        assert done.returncode == 0, done.stderr
        assert parcels(dsn) == then


@pytest.mark.parametrize("beside", [name for name in BESIDE if name != "nothing"])
@pytest.mark.both_versions
def test_a_revert_works_whatever_stands_beside(dsn: str, own: list[str], beside: str) -> None:
    filled(dsn, BESIDE[beside])
    assert "2 rows changed" in order_audit(dsn, "apply", *own, "--quiet")
    assert parcels(dsn) == TRIMMED
    assert order_audit(dsn, "revert", "--quiet") == "parcels.name_is_trimmed: 2 rows reverted\n"
    assert parcels(dsn) == BEFORE


@pytest.mark.parametrize("beside", ["nothing", "others of the names"])
def test_shipped_fixes_say_which_tables_they_are_about(dsn: str, tmp_path: Path, beside: str) -> None:
    """By every command that reads them, and no table of the name with other columns is taken for one of them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(BESIDE[beside].encode())
    said = "the tables that fixes change are not here: customers (customer_id), orders (order_id)."
    for words, code in ((["plan"], 3), (["apply"], 3), (["apply", "--rehearse"], 3), (["emit"], 2)):
        out = ["--out", str(tmp_path / "project")] if words == ["emit"] else []
        assert said in order_audit(dsn, *words, *out, "--quiet", code=code)


def test_shipped_fixes_work_on_one_of_their_tables(dsn: str) -> None:
    """Options on the other table are skipped; a plan does not count a guard as installable."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(CUSTOMERS.encode())
        connection.execute(
            "insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)"
            " values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'ca')"
        )
        rules = load("current").rules
        foretold = plan(connection, rules, fixes(rules), {})
        ready = {found.guard.name for found in foretold.guards if found.refuses_then == 0}
    # a guard that was not judged does not count as installable
    assert {found.guard.name for found in foretold.guards if found.refuses_then is None} >= {"status_is_known"}
    assert "1 row changed" in order_audit(dsn, "apply", "--quiet")
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert {name for name, guard in guards().items() if state(connection, guard) == "valid"} == ready
    assert "customers.state_is_usps_code: 1 row reverted" in order_audit(dsn, "revert", "--quiet")
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select address_state from customers").fetchone() == ("ca",)
        assert connection.execute("select from pg_constraint where conname like 'order\\_audit\\_%'").rowcount == 0


@pytest.mark.parametrize(
    "change",
    [
        "alter table orders rename to orders_of_old",
        "alter table orders rename order_status to status",
        "drop table orders",
    ],
    ids=["table", "column", "dropped"],
)
def test_a_revert_goes_on_where_guards_lost_their_tables(dsn: str, own: list[str], change: str) -> None:
    """A function that the trigger of a renamed table still calls is not removed."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
        connection.execute("create table parcels (id int primary key, name text)")
        connection.cursor().executemany("insert into parcels values (%s, %s)", BEFORE.items())
    order_audit(dsn, "apply", *own, "--quiet")
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in ("order_ref_exists", "root_is_not_closed", "balance_is_finite"):
            install(connection, guards()[name], Throttle())
        connection.execute(change.encode())
    said = order_audit(dsn, "revert", "--quiet")
    assert "parcels.name_is_trimmed: 2 rows reverted" in said
    assert "guard balance_is_finite removed" in said
    assert parcels(dsn) == BEFORE
    with psycopg.connect(dsn, autocommit=True) as connection:
        left = connection.execute(
            "select (select count(*) from pg_trigger where tgname like 'order\\_audit\\_%'),"
            " to_regproc('order_audit.root_is_not_closed') is not null,"
            " to_regclass('order_audit.root_is_not_closed') is not null"
        ).fetchone()
    assert left == ((0, False, False) if "drop" in change else (2, True, True))


def test_a_guard_whose_tables_are_gone_is_not_there(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for guard in reversed(guards().values()):
            assert state(connection, guard) == "missing"
            assert remove(connection, guard, Throttle()) is False
            for guard_object in guard.objects:
                if guard_object.table:
                    assert connection.execute(f"select {guard_object.exists_sql(valid=False)}".encode()).fetchone() == (
                        False,
                    )
