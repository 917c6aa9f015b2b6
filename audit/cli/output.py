"""Standard output and standard error, through which everything goes that a command prints."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from order_audit.reports.terminal.escape import clean


class CleanStream(io.TextIOBase):
    """A text stream that spells out control characters. Whoever needs some, for a progress bar, takes `raw`.

    It has no `buffer`: libraries write to a stream's buffer where they dislike its encoding.
    """

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write text without control characters but ends of lines and tabs; return the length of the text."""
        self.raw.write(clean(text))
        return len(text)

    def flush(self) -> None:
        """Flush the stream below, which may be closed already when this one is."""
        if not self.raw.closed:
            self.raw.flush()

    def isatty(self) -> bool:
        """Return whether the stream below is a terminal."""
        return self.raw.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream below."""
        return self.raw.fileno()

    def writable(self) -> bool:
        """Return True."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self.raw.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What the stream below does with letters that its encoding lacks."""
        return self.raw.errors


@contextlib.contextmanager
def cleaned() -> Iterator[None]:
    """Print without control characters in this block, whoever prints: messages, warnings, tracebacks, logs."""
    with contextlib.ExitStack() as stack:
        # a process may have been started without one of them
        if sys.stdout is not None:
            stack.enter_context(contextlib.redirect_stdout(_clean(sys.stdout)))
        if sys.stderr is not None:
            stack.enter_context(contextlib.redirect_stderr(_clean(sys.stderr)))
        yield


def cleaned_stderr() -> contextlib.AbstractContextManager[Any]:
    """Clean what is printed to a stream that was put in the place of standard error, as a progress bar does."""
    return contextlib.redirect_stderr(_clean(sys.stderr))


def raw_stderr() -> TextIO:
    """Return standard error for control characters of our own."""
    return sys.stderr.raw if isinstance(sys.stderr, CleanStream) else sys.stderr


def _clean(stream: TextIO) -> TextIO:
    return cast(TextIO, CleanStream(stream))
