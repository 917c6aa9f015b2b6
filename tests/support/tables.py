"""Tables of the documentation that are made from the program's own figures."""

from __future__ import annotations

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
