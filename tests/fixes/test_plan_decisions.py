"""Decisions: what stands in the file is done, and a file that is wrong or for another database is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fix_plan_text import next_step
from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.apply import ReviewError, apply
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import LEAVE, fixes
from order_audit.fixes.planning.decisions import FORMAT, DecisionError, choose, read
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.plan import Plan, Step
from order_audit.fixes.planning.planner import plan
from tests.fixes.planned import decided_on_issues
from tests.support import program, servers

RULES = load("current").rules
FIXES = fixes(RULES)
RECOMMENDED = {id: fix.recommended for id, fix in FIXES.items()}


@pytest.fixture
def connection(issues: str) -> Iterator[psycopg.Connection]:
    """A connection to it in autocommit mode."""
    with psycopg.connect(issues, autocommit=True) as made:
        yield made


def test_decisions_are_left_alone_by_default_and_read_as_written(
    server: Server, connection: psycopg.Connection, tmp_path: Path
) -> None:
    path = decided_on_issues(server, connection, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert ("; 1 row\n" in text, "#   1 row has one right answer and needs no" in text, " 1 rows" in text) == (
        True, True, False,
    )  # fmt: skip
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
    # the same file again is the same plan, although the rows differ from the review
    again = apply(connection, RULES, FIXES, read(path, FIXES).choices, read(path, FIXES), Throttle())
    assert again.changed == 0


def test_what_was_decided_goes_before_what_is_recommended(
    server: Server, connection: psycopg.Connection, tmp_path: Path
) -> None:
    path = decided_on_issues(server, connection, tmp_path)
    decisions = read(path, FIXES)
    named = decisions.choices.keys()
    # the file is unchanged
    assert decisions.undecided == named
    assert choose(FIXES, decisions, recommended=False) == {}
    recommended = {id: option for id, option in RECOMMENDED.items() if option != LEAVE}
    assert choose(FIXES, decisions, recommended=True) == recommended
    assert {"lineage.is_acyclic", "lineage.order_ref_exists"} <= named & recommended.keys()
    # `leave` is decided for the one rule, another option for the other
    text = path.read_text(encoding="utf-8").replace('  "lineage.is_acyclic",\n', "")
    text = text.replace('"lineage.order_ref_exists" = "leave"', '"lineage.order_ref_exists" = "reroot"')
    path.write_text(text, encoding="utf-8")
    decisions = read(path, FIXES)
    assert decisions.undecided == named - {"lineage.is_acyclic", "lineage.order_ref_exists"}
    wanted = {"lineage.is_acyclic": LEAVE, "lineage.order_ref_exists": "reroot"}
    assert choose(FIXES, decisions, recommended=False) == wanted
    assert choose(FIXES, decisions, recommended=True) == recommended | wanted
    # a new plan keeps the decisions
    choices = choose(FIXES, decisions, recommended=False)
    path.write_text(decisions_toml(plan(connection, RULES, FIXES, choices), choices), encoding="utf-8")
    assert read(path, FIXES).undecided == named - wanted.keys()
    # a policy is all decided
    path.write_text('"lineage.is_acyclic" = "leave"', encoding="utf-8")
    assert choose(FIXES, read(path, FIXES), recommended=True) == recommended | {"lineage.is_acyclic": LEAVE}


def test_decisions_for_another_database_are_refused(
    server: Server, connection: psycopg.Connection, tmp_path: Path
) -> None:
    decisions = read(decided_on_issues(server, connection, tmp_path), FIXES)
    other = servers.new_database(server, "issues")
    with psycopg.connect(other, autocommit=True) as there, pytest.raises(ReviewError, match="another database"):
        apply(there, RULES, FIXES, decisions.choices, decisions, Throttle())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "not TOML"),
        ('"orders.status_is_known" = "expire"', "no option 'expire': choose cancel or leave"),
        ('"orders.status_is_fine" = "leave"', "no fix for rule 'orders.status_is_fine'"),
        ("orders.status_is_known = 3", "no option 3"),
        ('[plan]\nformat = "order-audit-decisions/9"', "format"),
        ('"orders.status_is_known" = "leave"\n[decisions]\n"orders.status_is_known" = "leave"', "decided twice"),
        (f'[plan]\nformat = "{FORMAT}"\nundecided = "all"', "plan.undecided must be a list of rules"),
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
    assert "a rehearsal installs no guards" in rehearsed.stdout
    assert "rolled back" in rehearsed.stdout
    applied = order_audit("apply", "--decisions", str(out))
    assert applied.returncode == 0, applied.stderr
    assert "lineage.is_acyclic: root_at_smallest: 3 rows" in applied.stdout
    assert "nothing to change" in order_audit("apply", "--decisions", str(out)).stdout
    assert "root_at_smallest" in order_audit("status").stdout
    wrong = order_audit("revert", "--rule", "customers.balance_is_not_negative")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "status' lists applied changes" in wrong.stderr
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


@pytest.mark.parametrize(
    ("changed", "out", "said"),
    [
        (2, "mine.toml", ("", "order-audit fixes apply --rehearse --decisions mine.toml")),
        (2, None, ("", "order-audit fixes apply --rehearse --decisions old.toml --accept-recommended")),
        (0, "mine.toml", None),
    ],
)
def test_the_next_step_uses_the_file_with_the_decisions(
    changed: int, out: str | None, said: tuple[str, str] | None
) -> None:
    step = Step(FIXES["orders.status_is_known"], 2, choice="cancel", changed=changed)
    made = Plan({}, (step,), {}, {}, {}, {})
    path = Path(out) if out else None
    asked = next_step(made, path, Path("old.toml"), suite=None, folders={}, schema="", recommended=True)
    assert asked == said
