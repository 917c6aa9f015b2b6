"""The two ways in which a command ends early, each with one line that says what to do."""

from __future__ import annotations


class UsageError(Exception):
    """Wrong use: options, files, configuration. Exit code 2."""


class RunError(Exception):
    """The command could not do its work: no connection, nothing to judge. Exit code 3."""
