"""Plans foretell what happens, and what is not as it was reviewed is refused before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_text import applied_text, plan_text
from order_audit.audit.database.server import Server
from order_audit.errors import RefusalError
from order_audit.expectations import load
from order_audit.fixes.apply import ReviewError, apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import LEAVE, Fix, FixError, fixes, ordered, parse
from order_audit.fixes.planning.decisions import FORMAT, DecisionError, choose, read
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from order_audit.session import LOCK
from tests.support import program, servers

RULES = load("current").rules
FIXES = fixes(RULES)
RECOMMENDED = {id: fix.recommended for id, fix in FIXES.items()}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def connection(issues: str) -> Iterator[psycopg.Connection]:
    """A connection to it that commits by itself."""
    with psycopg.connect(issues, autocommit=True) as made:
        yield made


def rows(connection: psycopg.Connection) -> list[tuple[str]]:
    """All of both tables."""
    return connection.execute(
        "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    ).fetchall()


def violations(connection: psycopg.Connection) -> dict[str, set[str]]:
    """The violating keys of each rule that can be judged."""
    found = {}
    for rule in RULES:
        if not any(need.table for need in rule.requires):
            query = f"select v.{rule.key[0]}::text from ({rule.sql}) as v"
            found[rule.id] = {row[0] for row in connection.execute(query.encode())}
    return found


@pytest.mark.both_versions
def test_a_plan_changes_nothing_and_foretells_what_happens(connection: psycopg.Connection) -> None:
    before, found = rows(connection), violations(connection)
    made = plan(connection, RULES, FIXES, RECOMMENDED)
    assert rows(connection) == before
    assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
    assert not [step.problem for step in made.steps if step.problem]
    done = apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
    changed = {(rule, option): done.changed for rule, option, done in done.done if done.changed}
    foretold = {}
    for step in made.steps:
        if step.automatic:
            foretold[step.fix.rule.id, "automatic"] = step.automatic
        if step.changed:
            foretold[step.fix.rule.id, step.choice] = step.changed
    assert changed == foretold
    after = violations(connection)
    assert {rule: len(keys) for rule, keys in after.items()} == {
        rule: count for rule, count in made.after.items() if count is not None
    }
    new = {rule: keys - found[rule] for rule, keys in after.items() if keys - found[rule]}
    assert {rule: set(keys) for rule, keys in made.new.items()} == new
    # the proof holds, and a second time there is nothing to do
    assert done.verification is not None
    assert done.verification.others == {}
    assert apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle()).changed == 0


def test_the_proof_names_what_others_changed(connection: psycopg.Connection) -> None:
    from order_audit.fixes.engine.checksums import checksums, verify
    from order_audit.fixes.planning.tables import tables

    install(connection, TARGET)
    # which follows another, and is nobody's change
    connection.execute("alter table orders add column shown text generated always as (upper(order_status)) stored")
    names = tables(connection, FIXES)
    before = checksums(connection, names)
    apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
    assert verify(before, checksums(connection, names, 0)).others == {}
    for change in (
        "set order_amount = order_amount + 1 where order_id = 1003",
        # the same values in other rows, in other columns, and an empty one where there was none
        """
        set order_amount = extreme.high + extreme.low - order_amount
        from (select min(order_amount) as low, max(order_amount) as high from orders) as extreme
        where order_id in (
          (select min(order_id) from orders where order_amount = low),
          (select min(order_id) from orders where order_amount = high)
        )
        """,
        "set order_ref = order_amount, order_amount = order_ref where order_id = 1003",
        """
        set delivery_script_name = ''
        where order_id = (select min(order_id) from orders where delivery_script_name is null)
        """,
        # what a fix had changed just before
        """
        set order_ref = order_ref + 1
        where order_id = (
          select min(j.key ->> 'order_id')::int from order_audit.journal as j
          where j.tab = 'public.orders' and j.op = 'update' and j.after ? 'order_ref'
        )
        """,
    ):
        with connection.transaction(force_rollback=True):
            assert connection.execute(f"update orders {change}".encode()).rowcount > 0
            assert verify(before, checksums(connection, names, 0)).others == {"orders": [0]}, change


@pytest.mark.both_versions
def test_a_rehearsal_changes_nothing_and_says_what_an_audit_would(connection: psycopg.Connection) -> None:
    before = rows(connection)
    rehearsed = rehearse(connection, RULES, FIXES, RECOMMENDED, Throttle(), guarding=True)
    assert rows(connection) == before
    assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
    done = apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle(), guarding=True)
    assert rehearsed.changed == done.changed > 0
    # the guards that are said to be possible are, and the others are refused for the same reasons
    assert rehearsed.installed == done.installed != ()
    assert {name: (str(why), why.rows) for name, why in rehearsed.guard_errors.items()} == {
        name: (str(why), why.rows) for name, why in done.guard_errors.items()
    }
    assert {rule: len(keys) for rule, keys in violations(connection).items()} == {
        rule: count for rule, count in rehearsed.after.items() if count is not None
    }


def decided(connection: psycopg.Connection, folder: Path) -> Path:
    """A decisions file as a plan writes it."""
    path = folder / "decisions.toml"
    path.write_text(decisions_toml(plan(connection, RULES, FIXES, {}), {}), encoding="utf-8")
    return path


def test_decisions_are_left_alone_by_default_and_read_as_written(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    path = decided(connection, tmp_path)
    decisions = read(path, FIXES)
    assert decisions.choices
    assert set(decisions.choices.values()) == {LEAVE}
    assert decisions.reviewed.keys() == FIXES.keys()
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            '"orders.status_is_known" = "leave"', '"orders.status_is_known" = "cancel"'
        ),
        encoding="utf-8",
    )
    done = apply(connection, RULES, FIXES, read(path, FIXES).choices, read(path, FIXES), Throttle())
    assert ("orders.status_is_known", "cancel") in [(rule, option) for rule, option, done in done.done if done.changed]
    # the same file again is the same plan, though the rows are not what was reviewed any more
    again = apply(connection, RULES, FIXES, read(path, FIXES).choices, read(path, FIXES), Throttle())
    assert again.changed == 0


def test_what_was_decided_goes_before_what_is_recommended(connection: psycopg.Connection, tmp_path: Path) -> None:
    path = decided(connection, tmp_path)
    decisions = read(path, FIXES)
    named = decisions.choices.keys()
    # nobody has touched the file
    assert decisions.undecided == named
    assert choose(FIXES, decisions, recommended=False) == {}
    recommended = {id: option for id, option in RECOMMENDED.items() if option != LEAVE}
    assert choose(FIXES, decisions, recommended=True) == recommended
    assert {"lineage.is_acyclic", "lineage.order_ref_exists"} <= named & recommended.keys()
    # to leave the one is what was decided, and so is another option for the other
    text = path.read_text(encoding="utf-8").replace('  "lineage.is_acyclic",\n', "")
    text = text.replace('"lineage.order_ref_exists" = "leave"', '"lineage.order_ref_exists" = "reroot"')
    path.write_text(text, encoding="utf-8")
    decisions = read(path, FIXES)
    assert decisions.undecided == named - {"lineage.is_acyclic", "lineage.order_ref_exists"}
    wanted = {"lineage.is_acyclic": LEAVE, "lineage.order_ref_exists": "reroot"}
    assert choose(FIXES, decisions, recommended=False) == wanted
    assert choose(FIXES, decisions, recommended=True) == recommended | wanted
    # planned again, it stays what was decided
    choices = choose(FIXES, decisions, recommended=False)
    path.write_text(decisions_toml(plan(connection, RULES, FIXES, choices), choices), encoding="utf-8")
    assert read(path, FIXES).undecided == named - wanted.keys()
    # a policy is all decided
    path.write_text('"lineage.is_acyclic" = "leave"', encoding="utf-8")
    assert choose(FIXES, read(path, FIXES), recommended=True) == recommended | {"lineage.is_acyclic": LEAVE}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update orders set order_status = 'Paused' where order_id = 1003", "orders.status_is_known"),
        ("delete from orders where order_id = 2202", "2202 gone"),
        (
            "update orders set order_status = 'PENDING ' where order_id = 2201",
            "orders.status_is_known: 2201 with other values",
        ),
        ("alter table orders add column note text", "other columns of the tables"),
    ],
)
def test_what_is_not_as_it_was_reviewed_is_refused(
    connection: psycopg.Connection, tmp_path: Path, change: str, said: str
) -> None:
    decisions = read(decided(connection, tmp_path), FIXES)
    connection.execute("alter table orders drop constraint if exists chk_status")
    connection.execute(change.encode())
    before = rows(connection)
    with pytest.raises(ReviewError, match=said):
        apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle())
    assert rows(connection) == before


@pytest.mark.parametrize("planned", ["merge", LEAVE])
def test_what_a_chosen_option_would_make_of_rows_is_compared_and_no_other(
    connection: psycopg.Connection, tmp_path: Path, planned: str
) -> None:
    """The rows that the rule finds stay the same, what a merge would make of them does not."""
    rule = "customers.no_duplicate"
    path = tmp_path / "decisions.toml"
    path.write_text(decisions_toml(plan(connection, RULES, FIXES, {rule: planned}), {rule: planned}), encoding="utf-8")
    decisions = read(path, FIXES)
    assert decisions.reviewed[rule].options["merge"].rows
    connection.execute(
        "update customers set customer_balance = customer_balance + 1 where customer_id ="
        f" (select min(v.first_customer_id) from ({FIXES[rule].rule.sql}) as v)".encode()
    )
    with pytest.raises(ReviewError, match=rf"{rule}: \d+ with other values"):
        apply(connection, RULES, FIXES, decisions.choices | {rule: "merge"}, decisions, Throttle())
    assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
    if planned == LEAVE:
        assert apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle()).changed


def test_of_many_rows_a_fingerprint_is_compared(connection: psycopg.Connection, tmp_path: Path) -> None:
    connection.execute(
        "insert into orders (order_id, order_ref, customer_id, order_status, order_schedule)"
        " select g, g, 1, ' Active', repeat('1', 336)::bit(336) from generate_series(100001, 100150) as g"
    )
    decisions = read(decided(connection, tmp_path), FIXES)
    seen = decisions.reviewed["orders.status_is_known"].found
    assert seen.rows >= 150
    assert not seen.keys
    connection.execute("update orders set order_status = 'Active' where order_id = 100042")
    with pytest.raises(
        ReviewError, match=r"status_is_known: \d+ violations and \d+ rows to change, with other old or new values"
    ):
        apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle())
    connection.execute("update orders set order_status = 'active' where order_id = 100042")
    then = rf"status_is_known: {seen.rows} violations and \d+ rows to change then, {seen.rows - 1} violations"
    with pytest.raises(ReviewError, match=then):
        apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle())
    connection.execute("update orders set order_status = ' Active' where order_id = 100042")
    assert apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle()).changed >= 150


def test_decisions_for_another_database_are_refused(
    server: Server, connection: psycopg.Connection, tmp_path: Path
) -> None:
    decisions = read(decided(connection, tmp_path), FIXES)
    other = servers.new_database(server, "issues")
    with psycopg.connect(other, autocommit=True) as there, pytest.raises(ReviewError, match="another database"):
        apply(there, RULES, FIXES, decisions.choices, decisions, Throttle())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "not TOML"),
        ('"orders.status_is_known" = "expire"', "no option 'expire': choose cancel or leave"),
        ('"orders.status_is_fine" = "leave"', "no fix for a rule 'orders.status_is_fine'"),
        ("orders.status_is_known = 3", "no option 3"),
        ('[plan]\nformat = "order-audit-decisions/9"', "format"),
        ('"orders.status_is_known" = "leave"\n[decisions]\n"orders.status_is_known" = "leave"', "decided twice"),
        (f'[plan]\nformat = "{FORMAT}"\nundecided = "all"', "undecided is a list"),
        ('[reviewed."orders.status_is_known"]\nrows = "many"', r"\[reviewed\] was changed"),
    ],
)
def test_wrong_decisions_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "decisions.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DecisionError, match=said):
        read(path, FIXES)


def test_a_policy_is_short(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('orders.status_is_known = "cancel"\n', encoding="utf-8")
    decisions = read(path, FIXES)
    assert decisions.choices == {"orders.status_is_known": "cancel"}
    assert decisions.plan == {}


@pytest.mark.both_versions
def test_one_run_at_a_time(issues: str, connection: psycopg.Connection) -> None:
    with psycopg.connect(issues, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(RefusalError, match="another run"):
            apply(connection, RULES, FIXES, {}, None, Throttle())
    # files that are run by psql take the same lock
    with psycopg.connect(issues, autocommit=True) as other:
        install(other, TARGET)
        other.execute("call order_audit.enter()")
        with pytest.raises(RefusalError, match="another run"):
            apply(connection, RULES, FIXES, {}, None, Throttle())


@pytest.mark.both_versions
def test_missing_rights_are_refused_before_the_first_change(connection: psycopg.Connection) -> None:
    connection.execute("drop role if exists mender")
    connection.execute("create role mender")
    try:
        before = rows(connection)
        for grant, said in (
            (None, "may not select orders|may not select customers"),
            ("grant select on orders, customers to mender", "may not (update|delete)"),
            ("grant update, delete on orders, customers to mender", "may not create the schema order_audit"),
        ):
            if grant:
                connection.execute(grant.encode())
            connection.execute("set role mender")
            with pytest.raises(RefusalError, match=said):
                apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
            connection.execute("reset role")
        connection.execute("set default_transaction_read_only = on")
        with pytest.raises(RefusalError, match="may only read"):
            apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
        connection.execute("reset default_transaction_read_only")
        assert rows(connection) == before
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by mender")
        connection.execute("drop role mender")


@pytest.mark.parametrize(
    ("rule", "choice", "column"),
    [
        ("orders.delivery_args_need_script", "clear_args", "delivery_script_args"),
        ("orders.delivery_args_are_object", "clear_args", "delivery_script_args"),
        ("orders.script_name_is_identifier", "clear_script", "delivery_script_name"),
    ],
)
def test_what_must_have_a_value_is_not_taken_away(
    connection: psycopg.Connection, tmp_path: Path, rule: str, choice: str, column: str
) -> None:
    connection.execute("update orders set delivery_script_args = coalesce(delivery_script_args, '{}'),"
                       " delivery_script_name = coalesce(delivery_script_name, 'crm')")  # fmt: skip
    connection.execute(f"alter table orders alter {column} set not null".encode())
    before = rows(connection)
    said = f"{choice} sets orders.{column} to NULL, which is NOT NULL: choose another option, or drop the constraint"
    made = plan(connection, RULES, FIXES, {rule: choice})
    step = next(step for step in made.steps if step.fix.rule.id == rule)
    assert (step.problem, step.choice, step.changed) == (said, LEAVE, 0)
    # what has one right answer, and the other options, are none the worse for it
    if step.fix.automatic:
        assert step.automatic
    assert [offer.option.name for offer in step.offers if not offer.obstacle and offer.rows] == [
        option.name for option in step.fix.options if option.name != choice
    ]
    # it is said before anybody chooses
    undecided = plan(connection, RULES, FIXES, {})
    assert f"{rule}: {said}" in plan_text(undecided)
    if len(step.fix.options) > 1:
        assert said in " ".join(decisions_toml(undecided, {}).replace("\n#", "").split())
    with pytest.raises(RefusalError, match=f"{rule}: {choice} takes"):
        apply(connection, RULES, FIXES, {rule: choice}, None, Throttle())
    assert rows(connection) == before
    emitted = emit(connection, FIXES, {rule: choice}, tmp_path / "mend")
    # nor are they in files
    left_out = {name: why for name, why in emitted.left_out.items() if name.split()[0] == rule}
    assert left_out == ({f"{rule} {choice}": said} if step.fix.automatic else {rule: said})
    assert (rule in emitted.changes) == bool(step.fix.automatic)
    if step.fix.automatic:
        assert emitted.rows[rule] == step.automatic
        assert f"{choice} (chosen)" not in (tmp_path / "mend" / "deploy" / f"{rule}.sql").read_text(encoding="utf-8")


def test_tables_without_a_key_are_refused(connection: psycopg.Connection, tmp_path: Path) -> None:
    """By the program, and by files, which would change all rows of one key."""
    connection.execute("alter table orders drop constraint orders_pkey")
    with pytest.raises(RefusalError, match=r"orders\.order_id has no unique index"):
        apply(connection, RULES, FIXES, {}, None, Throttle())
    with pytest.raises(RefusalError, match=r"orders\.order_id has no unique index"):
        emit(connection, FIXES, {}, tmp_path / "mend")
    assert not (tmp_path / "mend").exists()
    assert emit(connection, {"customers.state_is_usps_code": FIXES["customers.state_is_usps_code"]}, {},
                tmp_path / "mend", guards=False).changes  # fmt: skip


def test_what_cannot_be_put_back_is_refused(issues: str) -> None:
    """Of rules that were never applied, or a table that is gone; twice is the same as once."""

    def order_audit(*words: str) -> tuple[int, str]:
        done = program.order_audit("fixes", *words, "--quiet", DATABASE_URL=issues)
        return done.returncode, done.stdout + done.stderr

    state, clean = "customers.state_is_usps_code", "customers.text_is_clean"
    assert order_audit("revert", "--rule", state) == (
        2, f"order-audit: no fix of {state} is applied: the schema order_audit does not exist\n"
    )  # fmt: skip
    assert order_audit("apply", "--no-guards")[0] == 0
    assert order_audit("revert", "--rule", "no.such")[0] == 2
    assert order_audit("revert", "--rule", state)[0] == 0
    assert order_audit("revert", "--rule", state) == (0, "no fix is applied\n")
    with psycopg.connect(issues) as connection:
        connection.execute("alter table customers rename to kept")
    code, said = order_audit("revert", "--rule", clean)
    assert (code, "customers is not there any more" in said) == (3, True)


@pytest.mark.both_versions
def test_commands(issues: str, tmp_path: Path) -> None:
    def order_audit(*words: str) -> program.Done:
        return program.order_audit("fixes", *words, DATABASE_URL=issues)

    assert "no fix was ever applied" in order_audit("status").stdout
    out = tmp_path / "new" / "decisions.toml"
    planned = order_audit("plan", "--out", str(out), "--accept-recommended", "--quiet")
    assert planned.returncode == 0, planned.stderr
    assert planned.stderr == ""
    assert "lineage.is_acyclic" in planned.stdout
    rehearsed = order_audit("apply", "--decisions", str(out), "--rehearse")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "no guard is made in a rehearsal" in rehearsed.stdout
    assert "rolled back" in rehearsed.stdout
    applied = order_audit("apply", "--decisions", str(out))
    assert applied.returncode == 0, applied.stderr
    assert "lineage.is_acyclic: root_at_smallest: 3 rows" in applied.stdout
    assert "nothing to change" in order_audit("apply", "--decisions", str(out)).stdout
    assert "root_at_smallest" in order_audit("status").stdout
    wrong = order_audit("revert", "--rule", "customers.balance_is_not_negative")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "status' shows what is" in wrong.stderr
    one = order_audit("revert", "--rule", "orders.status_is_known")
    assert one.returncode == 0, one.stderr
    reverted = order_audit("revert")
    assert reverted.returncode == 0, reverted.stderr
    assert "conflict" not in reverted.stdout
    assert "no fix is applied" in order_audit("revert").stdout
    (tmp_path / "wrong.toml").write_text('"x" = "y"', encoding="utf-8")
    refused = order_audit("apply", "--decisions", str(tmp_path / "wrong.toml"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1


def test_fixes_wait_for_those_that_they_name() -> None:
    assert ordered({"a": ("c",), "b": (), "c": ("b",)}) == ["b", "c", "a"]
    with pytest.raises(FixError, match="wait for each other: a, b"):
        ordered({"a": ("b",), "b": ("a",)})
    order = list(FIXES)
    for fix in FIXES.values():
        assert all(order.index(other) < order.index(fix.rule.id) for other in fix.after if other in FIXES)


def test_every_rule_has_a_fix_or_says_why_not_and_every_other_it_names_is_there() -> None:
    assert {rule.id for rule in RULES} == FIXES.keys()
    assert not [id for id, fix in FIXES.items() if not (fix.automatic or fix.options or fix.leave)]
    assert {other for fix in FIXES.values() for other in fix.after} <= FIXES.keys()


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "-- option: no name\n-- update orders by order_id:\nselect 1",
        "-- option good: does\n",
        "-- option leave: does\n-- update orders by order_id:\nselect 1",
        "-- option good: does\n-- update orders:\nselect 1",
        "-- option good: does\n-- update orders by order_id:\n",
        "-- update orders by order_id:\nselect 1",
        "-- given some:\n-- option good: does\n-- update orders by order_id:\nselect 1",
        "-- given violation: x\nselect 1;\n-- option good: does\n-- update orders by order_id:\nselect 1",
        "-- option good: does\n-- update orders by order_id:\nselect 1;\n-- given some: x\nselect 1",
    ],
)
def test_files_that_are_no_fixes_are_refused(text: str) -> None:
    with pytest.raises(FixError, match=r"fix\.sql"):
        parse(text, RULES[0], "fix.sql")


def test_a_fix_can_be_read_in_words() -> None:
    fix: Fix = FIXES["orders.status_is_known"]
    assert fix.document()["options"] == [{"name": "cancel", "does": fix.options[0].does, "recommended": False}]


@pytest.mark.parametrize(
    ("lacking", "left_out"),
    [
        ("alter table orders drop column delivery_script_args", "orders.delivery_args_hold_no_secret"),
        (
            "alter table orders drop column order_amount; alter table orders add order_amount int"
            " generated always as (-5) stored",
            "orders.amount_is_not_negative",
        ),
        ("alter table orders rename to orders_of_old", "customers.no_duplicate"),
    ],
    ids=["column", "generated", "table"],
)
def test_fixes_that_the_tables_have_no_room_for_are_left_out(server_18: Server, lacking: str, left_out: str) -> None:
    # of the fixes before it, none may be applied only for the run to fail half-way
    dsn = servers.new_database(server_18, "issues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(lacking.encode())
        made = plan(connection, RULES, FIXES, RECOMMENDED | {left_out: FIXES[left_out].options[0].name})
        assert left_out in {step.fix.rule.id for step in made.steps if step.problem}
        foretold = {step.fix.rule.id: step.automatic + step.changed for step in made.steps}
        choices = RECOMMENDED | {left_out: FIXES[left_out].options[0].name}
        rehearsed = rehearse(connection, RULES, FIXES, choices, Throttle())
        done = apply(connection, RULES, FIXES, choices, None, Throttle(), guarding=True)
        assert left_out in done.unable
        assert rehearsed.unable == done.unable
        changed: dict[str, int] = {}
        for rule, _, became in done.done:
            changed[rule] = changed.get(rule, 0) + became.changed
        assert {rule: rows for rule, rows in changed.items() if rows} == {
            rule: rows for rule, rows in foretold.items() if rows
        }
        assert f"skipped {left_out}:  " in " ".join(applied_text(done, rehearsed=False).split())
        assert f"✗ {left_out}: " in plan_text(made)
    servers.drop_database(server_18, dsn)


def test_a_guard_that_this_server_cannot_have_is_told_and_the_others_are_made(server_18: Server) -> None:
    dsn = servers.new_database(server_18, "sample")
    with psycopg.connect(dsn, autocommit=True) as connection:
        # a cast of it to text is not immutable, so that no index may have it for a condition
        connection.execute(
            "create type status as enum ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated');"
            "alter table orders drop constraint chk_status, alter order_status drop default;"
            "alter table orders alter order_status type status using order_status::status"
        )
        done = apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle(), guarding=True)
        assert "IMMUTABLE" in str(done.guard_errors["one_live_order"])
        assert {"status_is_known", "text_is_normalised"} <= {*done.installed}
    servers.drop_database(server_18, dsn)
