"""`order-audit send`: messages to webhooks, metrics and spans to OpenTelemetry, each to a server that is there."""

from __future__ import annotations

import copy
import gzip
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from order_audit.audit import delivery
from order_audit.errors import RunError, UsageError
from order_audit.reports.findings import findings
from order_audit.reports.messages import message
from order_audit.reports.metrics import metrics
from tests.reports.documents import found
from tests.support.docs import ROOT
from tests.support.program import order_audit
from tests.support.receiver import Receiver, receiving
from tests.support.results import GATE, typed

Document = dict[str, Any]


@pytest.fixture(scope="module")
def issues(audits: dict[str, Path]) -> Document:
    made: Document = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_a_message_has_the_findings(audits: dict[str, Path], receiver: Receiver, issues: Document) -> None:
    """In the documented form, signed, with the run's id."""
    env = {"HOOK": f"{receiver.address}/services/T0/secret", "ORDER_AUDIT_WEBHOOK_SECRET": "s3cret"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        done = order_audit("send", str(audits["issues"] / "results.json"), "--webhook", "env:HOOK")
    assert (done.returncode, done.stdout) == (0, "message sent\n"), done.stderr
    ((path, headers, body),) = receiver.requests
    assert path == "/services/T0/secret"
    assert headers["X-Order-Audit-Run"] == issues["run"]["id"]
    at, _, digest = headers[delivery.SIGNATURE].partition(",")
    signed = hmac.new(b"s3cret", f"{at.removeprefix('t=')}.".encode() + body, hashlib.sha256).hexdigest()
    assert digest == f"sha256={signed}"
    made = json.loads(body)
    assert made["format"] == "order-audit-message/1"
    assert made["gate"] == {"passed": False, "reasons": issues["summary"]["gate"]["reasons"]}
    assert [it["fingerprint"] for it in made["findings"]] == [it.fingerprint for it in findings(typed(issues))]
    assert made["left_out"] == 0


def test_messages_fit_their_readers(issues: Document) -> None:
    """The worst findings stay, and the others are counted."""
    many = copy.deepcopy(issues)
    many["results"] = [found(f"a.r{number}", title="x" * 2_000, violations=number) for number in range(1, 400)]
    many["summary"]["gate"] = GATE
    document = typed(many)
    total = len(findings(document))
    own = message(document, "json")
    assert len(own) <= 256 * 1024
    made = json.loads(own)
    assert made["findings"][0]["rule"] == "a.r399"
    assert 0 < len(made["findings"]) == total - made["left_out"] < total
    slack = message(document, "slack")
    blocks = json.loads(slack)["blocks"]
    assert len(slack) <= 60 * 1024
    assert len(blocks) <= 50
    assert all(len(it["text"]["text"]) <= (150 if it["type"] == "header" else 3_000) for it in blocks)
    assert blocks[-1]["text"]["text"] == f"and {sum(it.is_open for it in findings(document)) - 15} more findings"
    teams = message(document, "teams")
    assert len(teams) <= 28 * 1024
    card = json.loads(teams)["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["type"] == "AdaptiveCard"


def test_a_text_is_no_markup(issues: Document) -> None:
    """Of Slack or Teams: no mention, no link, no emphasis."""
    made = copy.deepcopy(issues)
    made["results"] = [found("a.b", title="<!channel> *x* [y](https://z) & <https://z|z>")]
    slack = message(typed(made), "slack").decode()
    assert "<!channel>" not in slack
    assert "&lt;!channel&gt;" in slack
    assert "*x*" not in slack
    teams = json.loads(message(typed(made), "teams"))["attachments"][0]["content"]["body"]
    assert any(r"\*x\* \[y\]\(https://z\)" in it["text"] for it in teams)


def test_it_is_sent_again_while_that_makes_sense(receiver: Receiver) -> None:
    waited: list[float] = []
    receiver.answers = [(503, {}), (429, {"Retry-After": "7"}), (500, {"Retry-After": "99999"})]
    delivery.deliver(b"{}", receiver.address, "id", sleep=waited.append)
    assert waited == [1.0, 7.0, 30.0]
    assert len(receiver.requests) == 4
    receiver.answers = [(503, {})] * 4
    with pytest.raises(RunError, match=r"127\.0\.0\.1 did not take the message in 4 attempts: it answered 503"):
        delivery.deliver(b"{}", f"{receiver.address}/secret", "id", sleep=waited.append)


@pytest.mark.parametrize("code", [302, 307, 400, 401, 404])
def test_another_answer_ends_it(receiver: Receiver, code: int) -> None:
    """No redirect is followed, and the message does not contain more of the address than its host."""
    receiver.answers = [(code, {"Location": f"{receiver.address}/elsewhere"})]
    with pytest.raises(RunError, match=f"it answered {code}") as raised:
        delivery.deliver(b"{}", f"{receiver.address}/secret?token=abc", "id", sleep=lambda _: None)
    assert len(receiver.requests) == 1
    assert "secret" not in str(raised.value)
    assert "abc" not in str(raised.value)


def test_nobody_at_home_is_a_failure(receiver: Receiver) -> None:
    with receiving() as gone:
        address = gone.address
    with pytest.raises(RunError, match="in 4 attempts: no answer"):
        delivery.deliver(b"{}", address, "id", sleep=lambda _: None)
    assert not receiver.requests


@pytest.mark.parametrize("address", ["", "host/path", "file:///etc/passwd", "ftp://h/", "http://", "https://h/a b"])
def test_only_web_addresses_are_taken(address: str) -> None:
    with pytest.raises(UsageError, match="give one as https"):
        delivery.check(address)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1/caf\u00e9", "letters beyond ASCII"),
        ("http://b\u00fccher.example/", "letters beyond ASCII"),
        ("https://user:secret@127.0.0.1/", "has a user name"),
        ("http://a..b/", "between its dots"),
        (f"http://{'a' * 64}.example/", "between its dots"),
    ],
)
def test_an_address_that_cannot_be_right_is_named(address: str, said: str) -> None:
    """Before the first attempt, and without the address."""
    with pytest.raises(UsageError, match=said) as raised:
        delivery.check(address)
    assert address not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_any_id_fits_a_header(receiver: Receiver) -> None:
    """Results of another program may have any text there."""
    delivery.deliver(b"{}", receiver.address, "a\nb: c\u2603")
    assert receiver.requests[0][1]["X-Order-Audit-Run"] == "a%0Ab%3A%20c%E2%98%83"


def test_results_of_an_earlier_run_are_not_sent(audits: dict[str, Path], receiver: Receiver, tmp_path: Path) -> None:
    """A team would take yesterday's verdict for that of the run that failed."""
    (tmp_path / "results.json").write_bytes((audits["issues"] / "results.json").read_bytes())
    (tmp_path / "FAILED.txt").write_text("The run failed.\n")
    for words in (("--webhook", receiver.address), ("--otlp", receiver.address)):
        done = order_audit("send", str(tmp_path / "results.json"), *words)
        assert (done.returncode, done.stdout) == (3, "")
        assert "says that a later run failed" in done.stderr
    assert not receiver.requests


def test_wrong_use_is_one_line(audits: dict[str, Path], receiver: Receiver) -> None:
    results = str(audits["sample"] / "results.json")
    for words, said in (
        ((), "name where to send it"),
        (("--webhook", "env:NOTHING_THERE"), "the variable NOTHING_THERE is empty"),
        (("--webhook", "nonsense"), "give one as https"),
    ):
        done = order_audit("send", results, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
    assert not receiver.requests


def test_open_telemetry_takes_metrics_and_a_span(audits: dict[str, Path], receiver: Receiver, issues: Document) -> None:
    """Read with the protocol's own messages: each metric with all of its points, the span with the run's times."""
    done = order_audit("send", str(audits["issues"] / "results.json"), "--otlp", receiver.address)
    assert (done.returncode, done.stdout) == (0, "metrics and span sent\n"), done.stderr
    bodies = {
        path: gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        for path, headers, body in receiver.requests
    }
    measured = ExportMetricsServiceRequest.FromString(bodies["/v1/metrics"])
    sent = {
        metric.name: len(metric.gauge.data_points)
        for resource in measured.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert sent == {
        it.name.replace("order_audit_", "order_audit.", 1): len(it.samples) for it in metrics(typed(issues))
    }
    traced = ExportTraceServiceRequest.FromString(bodies["/v1/traces"])
    (span,) = traced.resource_spans[0].scope_spans[0].spans
    run = typed(issues).run
    assert span.name == "audit"
    assert round(span.start_time_unix_nano / 1e9, 3) == round(run.started_at.timestamp(), 3)
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert span.events[0].name == findings(typed(issues))[0].title
    left_out = next(it.value.int_value for it in span.attributes if it.key == "order_audit.findings.left_out")
    assert len(span.events) + left_out == sum(it.is_open for it in findings(typed(issues)))


def test_a_collector_that_refuses_is_a_failure(audits: dict[str, Path], receiver: Receiver) -> None:
    receiver.answers = [(400, {}), (400, {})]
    done = order_audit("send", str(audits["sample"] / "results.json"), "--otlp", receiver.address)
    assert done.returncode == 3
    assert done.stderr == "order-audit: the OpenTelemetry collector did not take metrics and the span\n"


def test_each_metric_is_documented(issues: Document) -> None:
    page = (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8")
    assert [it.name for it in metrics(typed(issues)) if f"`{it.name}`" not in page] == []
