"""Tables of the documentation that are made from the program's own figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from order_audit import session
from order_audit.audit.analysis import reach
from order_audit.audit.cli import signals
from order_audit.audit.database import dsn, watchdog

_SERVER: Final = dict(session.LIMITS)


def limits() -> str:
    """Return what ends a connection, and after how long."""
    times, ours = watchdog.times, dsn._DEFAULTS
    rows = [
        ("a server does not answer a new connection", f"{ours['connect_timeout']} s, an error"),
        (
            "a host is silent, in either direction",
            f"{ours['keepalives_idle']} s, then {ours['keepalives_count']} probes,"
            f" {ours['keepalives_interval']} s each;"
            f" sent data unacknowledged for {int(ours['tcp_user_timeout']) // 1000} s at the client,"
            f" {_SERVER['tcp_user_timeout']} at the server",
        ),
        (
            f"an answer takes longer than {times.late:.0f} s",
            "the client asks the server over a second connection what became of the first one",
        ),
        (
            f"{times.tries} such questions stay unanswered, {times.answer:.0f} s each for connection and answer",
            f"an error, at most {times.longest:.0f} s after the last sign of life",
        ),
        ("the server has answered, or has ended the session, and nothing arrived", "an error at the next look"),
        (
            f"a transaction of ours is idle for {times.idle:.0f} s",
            "the client sends a query, so that the server knows that it is there",
        ),
        (
            f"a client is gone: its transaction is idle for {_SERVER['idle_in_transaction_session_timeout']}",
            "the server ends the session",
        ),
        ("a second signal", f"the process ends after {signals._LAST:.0f} s"),
    ]
    return "\n".join(["| what | then |", "| --- | --- |", *(f"| {what} | {then} |" for what, then in rows)])


def refused_functions() -> str:
    """Return the functions that texts of a suite may not call."""
    rows = [f"| {what} | {', '.join(f'`{name}`' for name in names)} |" for what, names in reach.REACHES.items()]
    return "\n".join(["| what they do | names |", "| --- | --- |", *rows])


#: How an attempt under a fault ended, in the order of the columns.
_ENDS: Final = ("finished", "named", "stopped", "killed", "lost")


def faults() -> str:
    """Return how commands ended under faults: by fault, then by command."""
    path = Path(__file__).parents[2] / "benchmarks" / "results" / "faults.json"
    attempts: dict[str, dict[str, dict[str, int]]] = json.loads(path.read_text(encoding="utf-8"))["attempts"]
    by_fault: dict[str, list[dict[str, int]]] = {}
    for faults in attempts.values():
        for fault, counts in faults.items():
            by_fault.setdefault(fault, []).append(counts)
    by_command = {f"`{command}`": list(faults.values()) for command, faults in attempts.items()}
    whole = {"all": [counts for listed in by_fault.values() for counts in listed]}
    return "\n".join([*_ends("fault", by_fault | whole), "", *_ends("command", by_command)])


def _ends(what: str, found: dict[str, list[dict[str, int]]]) -> list[str]:
    lines = [f"| {what} | attempts | {' | '.join(_ENDS)} |", "| --- |" + " ---: |" * (len(_ENDS) + 1)]
    for name, listed in found.items():
        counts = [sum(it.get(end, 0) for it in listed) for end in _ENDS]
        lines.append(f"| {name} | {' | '.join(f'{n:,}' for n in (sum(counts), *counts))} |")
    return lines
