"""Expectations that raise, and what expectations never do: write, quote data, import or send."""

from __future__ import annotations

from pathlib import Path

import psycopg

from order_audit import expectations
from order_audit.audit.database.server import Server
from order_audit.gx import suite
from tests.gx.support import LACKING, python, url, verdicts, write

RULES = {rule.id: rule for rule in expectations.load("current").rules if rule.id not in LACKING}


# Rules that raise ---------------------------------------------------------------------------------


def test_a_rule_that_raises_is_run_once_and_alone(database: str, server_18: Server, tmp_path: Path) -> None:
    """A mistake is asked for once more without its neighbours, not three times over, and they keep their verdicts."""
    mine = write(
        tmp_path / "mine",
        {
            "a_good": "select o.order_id from orders as o where o.order_id = 1001",
            "b_division": "select o.order_id from orders as o where 1 / (o.order_amount - 75) > 5 and 'once' <> ''",
            "c_missing": "select o.order_id from orders as o where o.nothing = 'once'",
            "d_writes": "select nextval('orders_order_id_seq') as order_id, 'once' as mark",
            "e_good": "select o.order_id from orders as o where o.order_id in (1002, 1003)",
            "f_good": "select o.order_id from orders as o where false",
        },
    )
    log = server_18.data / "server.log"
    before = len(log.read_text(errors="replace"))
    asked = verdicts(database, suite(str(mine)))
    assert {id: (verdict.success, verdict.observed) for id, verdict in asked.items() if not verdict.raised} == {
        "a_good": (False, 1),
        "e_good": (False, 2),
        "f_good": (True, 0),
    }
    assert "division by zero" in asked["b_division"].raised
    assert "does not exist" in asked["c_missing"].raised
    assert "read-only transaction" in asked["d_writes"].raised
    said = log.read_text(errors="replace")[before:]
    # with the rules that it shares a scan with, and then alone
    assert said.count("ERROR:  division by zero") == 2
    assert said.count("ERROR:  column o.nothing does not exist") == 1
    assert said.count("ERROR:  cannot execute nextval() in a read-only transaction") == 1


def test_nothing_is_written(database: str, tmp_path: Path) -> None:
    """A rule cannot change the database, for any functions and any user."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "create or replace function sneak() returns int language plpgsql as"
            " $$ begin delete from orders; return 1; end $$"
        )
    mine = write(tmp_path / "mine", {"sneak": "select sneak() as order_id"})
    asked = verdicts(database, suite(str(mine)), table="orders")
    assert "read-only transaction" in asked["sneak"].raised
    with psycopg.connect(database) as connection:
        (number,) = connection.execute("select count(*) from orders").fetchone() or (0,)
    assert number > 100


def test_messages_do_not_quote_data(database: str, tmp_path: Path) -> None:
    """Neither in the message nor in the traceback that comes with it."""
    mine = write(
        tmp_path / "mine",
        {"cast": "select c.customer_id from customers as c where c.customer_email::int = 1"},
        "customer_id",
    )
    asked = verdicts(database, suite(str(mine)))
    assert "integer" in asked["cast"].raised
    assert "@" not in asked["cast"].raised
    assert "example" not in asked["cast"].raised


# Good manners -------------------------------------------------------------------------------------


def test_nothing_else_imports_great_expectations() -> None:
    """It takes seconds: the command line, the rules, and everything before rules are run do without."""
    code = """
import sys
import order_audit.audit.cli.app, order_audit.audit.run, order_audit.audit.scans.executor, order_audit.audit.cli.demo
import order_audit.reports.terminal.summary, order_audit.reports.compare, order_audit.reports.atomic_files
import order_audit.reports.junit, order_audit.reports.markdown
from order_audit import expectations
from order_audit.audit.analysis import parsed_query
suite = expectations.load("current")
for rule in suite.rules:
    parsed_query.parse(rule)
print(len(suite.rules), [name for name in ("great_expectations", "sqlalchemy", "pandas") if name in sys.modules])
"""
    assert python(code) == f"{len(RULES) + len(LACKING)} []"


def test_nothing_is_sent_anywhere(database: str) -> None:
    """Usage statistics are off: neither Data Docs nor a checkpoint open a connection but the database's."""
    code = """
import os, sys
seen = []
def hook(event, args):
    if event in ("socket.getaddrinfo", "urllib.Request") or (event == "socket.connect" and isinstance(args[1], tuple)):
        seen.append((event, args[-1]))
sys.addaudithook(hook)
from order_audit.audit.run import Options, run
import pathlib, tempfile
with tempfile.TemporaryDirectory() as folder:
    options = Options(formats=("json", "gx"), rules=("customers.phone_is_dialable",))
    document = run(os.environ["WHERE"], pathlib.Path(folder), options)
    import great_expectations as gx
    done = gx.get_context(mode="file", project_root_dir=folder).checkpoints.get("order-audit current").run()
print(
    done.success,
    document.summary.failed,
    os.environ["GX_ANALYTICS_ENABLED"],
    gx.get_context(mode="ephemeral").variables.analytics_enabled or False,
    [name for name in sys.modules if "posthog" in name],
    seen,
)
"""
    said = python(code, WHERE=database, ORDER_AUDIT_GX_URL=url(database))
    assert said.splitlines()[-1] == "False 1 false False [] []"
