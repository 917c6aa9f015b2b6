"""The result as values: its JSON, its JSON Schema, and the formats that it is written in."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from order_audit.audit.formats import FORMATS
from order_audit.reports import gate_text
from order_audit.reports.document import ChangedTable, FailingRule, Reason, encode, json_schema
from order_audit.reports.writers import DEFAULT, Asked, FileWriter
from tests.reports.documents import SCHEMA_RULE, document, everything, found
from tests.support.program import order_audit
from tests.support.results import typed


def test_the_schema_that_is_shipped_is_made_from_the_values() -> None:
    """`python -m order_audit.reports.document.json_schema` writes it."""
    assert json_schema.PATH.read_text(encoding="utf-8") == json_schema.text()


def made() -> dict[str, Any]:
    """A result with something of most kinds."""
    results = [found("a"), found("b", "errored"), found("c", "skipped"), found("d", "not_selected")]
    whole = document(*results) | {
        "schema_rules": [SCHEMA_RULE | {"rule": "schema.a", "status": "errored", "reason": "broken"}],
        "ddl": {"tables": [{"table": "t", "kind": "table", "lines": [{"sql": "x", "about": ""}]}], "reason": ""},
    }
    whole["run"]["id"] = "1de7bd0d-0000-4000-8000-000000000000"
    return whole


def test_documents_are_valid_by_it() -> None:
    """Whatever they hold; what readers rely on is required."""
    schema = json.loads(json_schema.text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(made(), schema)
    jsonschema.validate(everything("x") | {"violations": None}, schema)
    for path in ("run", "summary", "results.0.key", "summary.gate.failures", "results.2.reason", "results.2.cause"):
        broken = copy.deepcopy(made())
        *parts, last = path.split(".")
        at: Any = broken
        for part in parts:
            at = at[int(part) if part.isdigit() else part]
        del at[last]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_json_is_the_same_after_a_trip_through_values() -> None:
    """Unknown parts are omitted, like those of a later version."""
    for whole in (made(), everything("x")):
        assert encode(typed(whole | {"added": 1})) == whole


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason("interrupted"), "the audit was interrupted"),
        (
            Reason("tables_changed"),
            "tables changed during the audit, so numbers may be inconsistent: t (was dropped); run it again",
        ),
        (
            Reason("failed", "warning", (FailingRule("a", 1200), FailingRule("b", 1))),
            "2 warning expectations failed: a (1,200 new), b (1 new)",
        ),
        (Reason("errored", rules=(FailingRule("a"),)), "1 expectation ended in an error: a"),
        (
            Reason("skipped", rules=(FailingRule("a", missing_tables=("t", "u")), FailingRule("b"))),
            "2 expectations were skipped (--allow-skipped allows this): a (no table t, u); b (no table )",
        ),
        (
            Reason("schema_findings", "info", (FailingRule("schema.a", 3), FailingRule("schema.b", 1))),
            "4 info schema findings: schema.a, schema.b",
        ),
        (
            Reason("schema_rules_errored", rules=(FailingRule("schema.a"),)),
            "1 schema rule ended in an error: schema.a",
        ),
        (Reason("pass_rate", passed=0, judged=0), "nothing was judged, and the pass rate must be at least 95 %"),
        (
            Reason("pass_rate", passed=1, judged=3),
            "the pass rate is 33.3333 % (1 of 3, counting rules without new violations as passed), below 95 %",
        ),
    ],
)
def test_each_reason_has_its_sentence(reason: Reason, said: str) -> None:
    """With the counts and names that it holds."""
    changed = [ChangedTable("t", "was dropped")]
    assert str(gate_text.sentence(reason, changed, baseline=True, min_pass_rate=95.0)) == said


def test_a_new_format_is_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be asked for at once, is named where formats are, and what is not asked for is not left in the folder."""
    monkeypatch.setitem(FORMATS, "ids", FileWriter("ids.txt", lambda result: result.run.id, is_default=False))
    FORMATS["ids"].write(typed(made()), tmp_path, tmp_path, Asked((), "", 20))
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == made()["run"]["id"]
    FORMATS["ids"].remove(tmp_path)
    assert not [*tmp_path.iterdir()]
    done = order_audit("run", "--out", str(tmp_path / "out"), "--format", "ids,nonsense", "--dsn", "host=/nowhere")
    assert done.returncode == 2
    assert f"no format 'nonsense' (known: {', '.join(FORMATS)}, auto)" in done.stderr


def test_the_help_names_every_format() -> None:
    """And those that are written unless others are asked for."""
    said = " ".join(order_audit("run", "--help").stdout.split())
    for name in FORMATS:
        assert name in said
    assert f"[default: {','.join(DEFAULT)}]" in said
