"""The alerts of scenario/proposed/monitoring.sql: the queries with their headers, and the runbook's table of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit.scenario.load import PROPOSED

FILE: Final = PROPOSED / "monitoring.sql"
_HEADER: Final = re.compile(r"^-- (name|requires|threshold|interval|alert|who|do): (.*(?:\n--   .*)*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Alert:
    """A query, which returns one row per alert, and its header. `requires` is the table that must exist, if any."""

    name: str
    threshold: str
    interval: str
    alert: str
    who: str
    do: str
    query: str
    requires: str = ""


def alerts() -> list[Alert]:
    """Return the alerts of the file, in its order."""
    _, *parts = re.split(r"^(?=-- name: )", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = []
    for part in parts:
        header = {key: re.sub(r"\s*\n--\s*", " ", value) for key, value in _HEADER.findall(part)}
        query = _HEADER.sub("", part).partition(";")[0]
        found.append(Alert(query=query, **header))
    return found


def raised(connection: psycopg.Connection, alert: Alert) -> list[str]:
    """Return the alerts that a query raises; none where its table does not exist."""
    if alert.requires:
        row = connection.execute("select to_regclass(%s) is null", [alert.requires]).fetchone()
        if row == (True,):
            return []
    return [text for (text,) in connection.execute(alert.query.encode()).fetchall()]


def table() -> str:
    """Return the alerts as a table in Markdown."""
    lines = ["| alert | threshold | every | who | what to do |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| `{it.name}`: {it.alert} | {it.threshold} | {it.interval} | {it.who} | {it.do} |" for it in alerts()]
    return "\n".join(lines)
