"""Findings on the schema: accepted or not, on the command line, in each report, and at the gate."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from order_audit.audit.cli.lint_text import lint_text
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.audit.schema import suppression
from order_audit.audit.schema.lint import Verdict, document
from order_audit.errors import UsageError
from order_audit.expectations import schema_rules
from order_audit.reports import escaping
from order_audit.reports.document import Suppression
from order_audit.reports.html import report
from order_audit.reports.junit import junit
from order_audit.reports.markdown import markdown
from order_audit.reports.terminal import summary
from tests.lint.support import EXPECTED, judged
from tests.support import servers
from tests.support.results import decided, run, typed

pytestmark = pytest.mark.both_versions

ROOT = Path(__file__).parents[2]


def test_rules_without_a_result_are_counted(told: tuple[dict[str, Any], Path]) -> None:
    """In the line that sums up, of a lint and of a run: they are no clean ones."""
    rules = schema_rules()[:4]
    verdicts = [Verdict(rules[0], "errored", "why"), *(Verdict(it, "not_checkable", "why") for it in rules[1:3])]
    last = lint_text([*verdicts, Verdict(rules[3], "checked")], []).splitlines()[-1]
    assert last == "4 rules on the schema: 0 critical, 0 warning, 0 info, 0 accepted, 1 errored, 2 not checkable"
    assert "errored" not in lint_text([Verdict(rules[3], "checked")], [])
    result = copy.deepcopy(told[0])
    result["schema_rules"][0] |= {"status": "errored", "reason": "broken"}
    counts = "3 critical, 11 warning, 9 info, 4 accepted, 1 errored"
    assert f"56 rules on the schema: {counts}" in summary.verdict_text(typed(result), told[1]).splitlines()
    assert f"## Schema: {counts}" in markdown(typed(result)).splitlines()
    assert "1 rule on the schema ended in an error." in re.sub(r"<[^>]+>|\s+", " ", report(typed(result))).replace(
        "  ", " "
    )


def test_accepted_findings_are_shown_and_do_not_fail(sample: str, tmp_path: Path) -> None:
    """With the reason; an unused suppression is reported."""
    file = tmp_path / "allow"
    file.write_text(
        "# agreed on\n\nschema.money_is_exact customers.*: the ledger is kept elsewhere\n"
        "schema.bitmap_is_readable nowhere: gone\n"
    )
    suppressions = suppression.read(file, [rule.id for rule in schema_rules()])
    verdicts, unused = suppression.accept(judged(sample), suppressions, [rule.id for rule in schema_rules()])
    assert [entry.object for entry in unused] == ["nowhere"]
    text = lint_text(verdicts, unused)
    assert "accepted: the ledger is kept elsewhere" in text
    assert "unused suppression  schema.bitmap_is_readable nowhere: gone" in text
    findings = document(verdicts)["schema_findings"]
    accepted = [finding["object"] for finding in findings if "accepted" in finding]
    assert accepted == ["customers.customer_balance"]


def test_terminal_shows_some_of_many_findings(sample: str) -> None:
    """And says how many there are, and how to see them."""
    verdicts = judged(sample)
    text = lint_text(verdicts, [], most=1)
    assert "    … and 1 more; --examples 2 shows them\n" in text
    assert "      … and 1 more line\n" in text
    assert "orders.customer_id references customers, but no index" in text
    assert "orders.order_ref references orders, but no index" not in text
    assert "… and" not in lint_text(verdicts, [], most=60)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema.money_is_exact customers.customer_balance", "allow:1: a line is 'rule object: reason'"),
        ("# fine\nschema.nothing x: y", "allow:2: no rule 'schema.nothing'"),
    ],
)
def test_bad_allowances_name_their_line(tmp_path: Path, text: str, said: str) -> None:
    """One clear line."""
    file = tmp_path / "allow"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        suppression.read(file, [rule.id for rule in schema_rules()])


def test_run_holds_the_findings_and_the_gate_may_ask_for_them(sample: str, tmp_path: Path) -> None:
    """In the document and in the report; the gate only where it was asked to."""
    result = run(sample, tmp_path / "out", Options(fail_on="never", fail_on_schema="critical"))
    assert len(result["schema_findings"]) == len(EXPECTED)
    assert {rule["status"] for rule in result["schema_rules"]} == {"checked"}
    reasons = result["summary"]["gate"]["reasons"]
    assert any(reason.startswith("4 critical schema findings: ") for reason in reasons)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for finding in result["schema_findings"]:
        assert str(escaping.visible(finding["message"])) in page
    held = decided(result, fail_on="never", min_pass_rate=None)
    assert held["passed"]
    assert json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["schema_findings"]
    without = run(sample, tmp_path / "without", Options(lint=False))
    assert without["schema_findings"] == without["schema_rules"] == []


@pytest.fixture(scope="module")
def told(server_18: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """An audit of the sample data that fails on critical schema findings, some of which are accepted."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "allow").write_text(
        "schema.money_is_exact customers.*: the ledger | is <kept> elsewhere\n"
        "schema.key_is_* *: agreed on\n"
        "schema.bitmap_is_readable nowhere: gone\n"
    )
    dsn = servers.new_database(server_18, "sample")
    options = Options(fail_on="never", fail_on_schema="critical", allow=folder / "allow")
    result = run(dsn, folder / "out", options)
    servers.drop_database(server_18, dsn)
    return result, folder / "out"


def test_results_name_allowances_that_nothing_needs(told: tuple[dict[str, Any], Path]) -> None:
    """And the document is as its JSON Schema has it."""
    result, out = told
    assert result["unused_suppressions"] == [
        {"rule": "schema.bitmap_is_readable", "object": "nowhere", "reason": "gone"}
    ]
    jsonschema.validate(
        result, json.loads((ROOT / "order_audit" / "reports" / "results.schema.json").read_text(encoding="utf-8"))
    )
    assert json.loads((out / "results.json").read_text(encoding="utf-8")) == result


def test_a_run_tells_the_worst_of_the_schema(told: tuple[dict[str, Any], Path]) -> None:
    """A line of counts, if asked for each rule with its objects and the next step, and unused suppressions."""
    lines = summary.verdict_text(typed(told[0]), told[1], verbose=True).splitlines()
    begin = lines.index("56 rules on the schema: 3 critical, 11 warning, 9 info, 4 accepted")
    assert lines[begin + 1].split(maxsplit=2) == [
        "◆", "schema.sequence_is_ahead_of_data", "Sequence behind its data: customers.customer_id, orders.order_id"
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[begin + 1 : begin + 5]] == ["◆"] * 2 + ["▲"] * 2
    end = next(place for place, line in enumerate(lines) if " has a suggestion for each" in line)
    assert end == begin + 20
    assert lines[end + 1] == "  ? unused suppression  schema.bitmap_is_readable nowhere: gone"
    assert lines[end + 2].startswith("gate failed: 3 critical schema findings: ")
    assert not any("money_is_exact" in line for line in lines), "what is accepted is no news"
    few = summary.verdict_text(typed(told[0]), told[1]).splitlines()
    assert few[few.index(lines[begin]) :] == [lines[begin], *lines[end + 1 :]], "without the rules"


def test_summary_tells_of_the_schema(told: tuple[dict[str, Any], Path]) -> None:
    """A row for each rule with open findings; accepted ones with their reason; nothing in it is markup."""
    result, out = told
    text = (out / "summary.md").read_text(encoding="utf-8")
    part = text[text.index("## Schema: 3 critical, 11 warning, 9 info, 4 accepted") :]
    open_ = {(it["severity"], it["rule"]) for it in result["schema_findings"] if "accepted" not in it}
    rows = re.findall(r"^\| [◆▲○] (critical|warning|info) \|.*?\| `([\w.]+)` \| (\d+) \|", part, re.MULTILINE)
    assert {(severity, rule) for severity, rule, _ in rows} == open_
    assert sum(int(count) for *_, count in rows) == 23
    assert len(re.findall("^- accepted: ", part, re.MULTILINE)) == 4
    assert "customers.customer\\_balance: the ledger \\| is \\<kept\\> elsewhere" in part
    assert "- unused suppression (the finding does not occur): `schema.bitmap_is_readable` nowhere: gone" in part


def test_junit_fails_what_the_gate_was_told_to_fail_on(told: tuple[dict[str, Any], Path]) -> None:
    """A separate suite: critical findings fail, others are listed, accepted ones with the reason."""
    result, out = told
    root = ElementTree.parse(out / "junit.xml").getroot()
    _, suite = root.findall("testsuite")
    cases = {f"schema.{case.attrib['name']}": case for case in suite.findall("testcase")}
    assert cases.keys() == {rule["rule"] for rule in result["schema_rules"]}
    failed = {rule for rule, case in cases.items() if case.find("failure") is not None}
    assert failed == {"schema.reference_has_foreign_key", "schema.sequence_is_ahead_of_data"}
    assert suite.attrib["failures"] == "2"
    assert int(root.attrib["failures"]) == result["summary"]["failed"] + 2
    failure = cases["schema.sequence_is_ahead_of_data"].find("failure")
    assert failure is not None
    assert (failure.attrib["type"], failure.attrib["message"]) == ("critical", "Sequence behind its data: 2 objects")
    assert "setval" in (failure.text or "")
    money = cases["schema.money_is_exact"].findtext("system-out") or ""
    assert money.endswith("(accepted: the ledger | is <kept> elsewhere)")
    assert (cases["schema.status_has_history"].findtext("system-out") or "").startswith("warning: ")
    assert suite.findtext("system-out") == "unused suppression: schema.bitmap_is_readable nowhere: gone"
    calm = copy.deepcopy(result)
    calm["summary"]["gate"]["fail_on_schema"] = "never"
    sound = next(rule for rule in calm["schema_rules"] if not rule["findings"])
    sound |= {"status": "errored", "reason": "broken"}
    suites = ElementTree.fromstring(junit(typed(calm))).findall("testsuite")
    assert [suites[1].attrib[kind] for kind in ("failures", "errors", "skipped")] == ["0", "0", "1"]
    calm["summary"]["gate"]["fail_on_schema"] = "info"
    suites = ElementTree.fromstring(junit(typed(calm))).findall("testsuite")
    assert suites[1].attrib["errors"] == "1"
    open_ = {it["rule"] for it in result["schema_findings"] if "accepted" not in it}
    assert int(suites[1].attrib["failures"]) == len(open_)


def test_report_tells_of_the_schema_at_the_top(told: tuple[dict[str, Any], Path]) -> None:
    """How many findings, and in their section the reasons and the line that can go."""
    text = (told[1] / "report.html").read_text(encoding="utf-8")
    top = re.sub(r"<[^>]+>", "", text[: text.index('id="first"')])
    assert "3 critical, 11 warning, 9 info, 4 accepted" in top
    assert "<strong>Accepted:</strong> the ledger | is &lt;kept&gt; elsewhere" in text
    assert "but the finding does not occur: remove the line" in text


def test_only_what_was_judged_makes_an_allowance_needless() -> None:
    """A rule that failed or was not selected might have the accepted finding."""
    rule, other = schema_rules()[:2]
    suppressions = [
        Suppression(rule.id, "a", "x"),
        Suppression(other.id, "a", "x"),
        Suppression("*", "a", "x"),
    ]
    known = [rule.id, other.id]
    for verdicts, needless in (
        ([Verdict(rule, "checked"), Verdict(other, "checked")], [rule.id, other.id, "*"]),
        ([Verdict(rule, "checked"), Verdict(other, "errored", "why")], [rule.id]),
        ([Verdict(rule, "checked", "one table could not be read"), Verdict(other, "checked")], [other.id]),
        ([Verdict(rule, "checked")], [rule.id]),
    ):
        assert [it.rule for it in suppression.accept(verdicts, suppressions, known)[1]] == needless
