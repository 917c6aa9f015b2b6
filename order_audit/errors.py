"""The errors that a command reports in one line, each with its exit code."""

from __future__ import annotations

import re
from typing import ClassVar


class OrderAuditError(Exception):
    """The base of all errors of this program; the message is one line that says what to do.

    `exit_code` is the exit code of a command that ends with it: 2 for wrong use, 3 where the command could not run.
    """

    exit_code: ClassVar[int] = 3


class UsageError(OrderAuditError):
    """Wrong use: options, files, configuration."""

    exit_code = 2


class DocumentError(OrderAuditError):
    """A file is no result of an audit; the message names the file."""

    exit_code = 2


class RunError(OrderAuditError):
    """The command could not do its work: no connection, nothing to judge."""


class ConnectError(RunError):
    """No connection to the place that a DSN names. `reason` is what the server or the network said, in one line."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"cannot connect to {place}: {reason}")
        self.reason = re.sub("^[^ :]+:  ", "", reason)  # the severity, in the server's language


class SignalError(OrderAuditError):
    """A signal ended the command."""

    exit_code = 130


class StandbyError(RunError):
    """A standby has ended a snapshot, as it does for rows that the primary has removed. `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the standby ended the snapshot: {reason}; the database is unchanged: run the command again")
        self.reason = reason


class RefusalError(OrderAuditError):
    """The command refuses this database, and has changed nothing; the message says why."""


class DomainError(OrderAuditError):
    """A domain of an installed package cannot be used."""

    exit_code = 2
