"""A signal while fixes or a migration are at work: the command says what state things are in."""

from __future__ import annotations

import os
import signal

import pytest

from order_audit.audit.cli.fixes_connection import connected as connected_for_fixes
from order_audit.audit.cli.migrate_connection import connected as connected_for_migrate
from order_audit.errors import SignalError
from tests.support.program import order_audit


def test_an_interrupted_command_says_what_stays(dsn: str) -> None:
    said = r"^interrupted; what was committed .* undo log: run the command again$"
    with pytest.raises(SignalError, match=said), connected_for_fixes(dsn, "", changes=True):
        raise KeyboardInterrupt
    said = r"^interrupted; finished steps .* stay: run the command again$"
    with pytest.raises(SignalError, match=said), connected_for_migrate(dsn, changes=True):
        raise KeyboardInterrupt
    assert SignalError.exit_code == 130


def test_every_interrupted_command_says_so(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that only read, too: typer would end them without a word."""
    from order_audit.audit.database import snapshot

    class Signalled(snapshot.Snapshot):
        def __enter__(self) -> Signalled:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().__enter__()

    monkeypatch.setattr(snapshot, "Snapshot", Signalled)
    seen = order_audit("profile", "--dsn", dsn)
    assert seen.returncode == 130
    assert seen.stderr == "order-audit: interrupted\n"
