"""The command that gives a result to other programs over the network: `order-audit send`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.options import say
from order_audit.errors import UsageError


class Kind(StrEnum):
    """Whose message a webhook takes."""

    json = "json"
    slack = "slack"
    teams = "teams"


def send(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.json")],
    webhook: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Web address that takes the message, or the name of the variable with it, as env:NAME.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[Kind, typer.Option("--as", help="Form of the message.")] = Kind.json,
    otlp: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="OpenTelemetry collector (OTLP over HTTP), or env:NAME; needs the extra 'otel'.",
            show_default=False,
        ),
    ] = None,
    failed_only: Annotated[
        bool, typer.Option("--failed-only", help="Send no message of an audit whose gate passed.")
    ] = False,
) -> None:
    """Send a result: a message to a webhook, or metrics and a span to OpenTelemetry. Needs no database.

    Example: order-audit send audit-out/results.json --webhook env:SLACK_WEBHOOK --as slack
    """
    if webhook is None and otlp is None:
        raise UsageError("name where to send it: --webhook URL, or --otlp URL")
    from order_audit.audit import delivery
    from order_audit.audit.cli import failure_mark
    from order_audit.reports import results_file
    from order_audit.reports.messages import message

    addresses = [_address(it) for it in (webhook, otlp) if it is not None]
    for address in addresses:
        delivery.check(address)
    document = results_file.read(results).document
    failure_mark.check(results)
    if webhook is not None:
        if failed_only and document.summary.gate.passed and document.run.complete:
            say("the gate passed: no message sent")
        else:
            secret = os.environ.get("ORDER_AUDIT_WEBHOOK_SECRET", "")
            delivery.deliver(message(document, kind.value), addresses[0], document.run.id, secret)
            say("message sent")
    if otlp is not None:
        from order_audit.audit import telemetry

        telemetry.export(document, addresses[-1])
        say("metrics and span sent")


def _address(text: str) -> str:
    """Return a web address, which may stand in a variable. Raises UsageError if that is empty."""
    if not text.startswith("env:"):
        return text
    name = text.removeprefix("env:")
    if not (value := os.environ.get(name, "")):
        raise UsageError(f"the variable {name} is empty: it must have the web address")
    return value
