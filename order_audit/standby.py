"""Standbys, which end a snapshot that conflicts with what the primary sends."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, ParamSpec, TypeVar

from order_audit.errors import RunError, StandbyError

_Given = ParamSpec("_Given")
_Read = TypeVar("_Read")

#: Why the first snapshot ended, while a second one is read.
_ended: Final[ContextVar[str]] = ContextVar("_ended", default="")


def second_snapshot() -> str:
    """Return the note that this is the second snapshot of a command, with the reason; empty in the first one."""
    reason = _ended.get()
    return f"the standby ended the first snapshot ({reason}); all results are of a second one" if reason else ""


def retried(read: Callable[_Given, _Read]) -> Callable[_Given, _Read]:
    """Let a function that reads a snapshot, and has done nothing until it has read, begin again after a StandbyError.

    After the second one it raises RunError, with the settings that help.
    """

    @functools.wraps(read)
    def twice(*args: _Given.args, **kwargs: _Given.kwargs) -> _Read:
        try:
            return read(*args, **kwargs)
        except StandbyError as error:
            before = _ended.set(error.reason)
        try:
            return read(*args, **kwargs)
        except StandbyError as error:
            raise RunError(
                f"the standby ended two snapshots, one after the other: {error.reason}; set hot_standby_feedback = on"
                " there, or a longer max_standby_streaming_delay, or use the DSN of the primary"
            ) from None
        finally:
            _ended.reset(before)

    return twice
