"""Standard output and standard error, through which everything goes that a command prints."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO, cast

from order_audit.reports.control_characters import clean

_MAY_HIDE: Final = re.compile("@|=")
#: The beginning of a URL with a password, up to it; one of PostgreSQL may have spaces that should be %20.
_URL: Final = re.compile(
    r"(\bpostgres(?:ql)?:/{0,3}[^\s:/@]*:).+@|(\b[a-z][\w+.-]*:/{0,3}[^\s:/@]*:)\S+@", re.IGNORECASE
)
#: libpq's words for secrets, with their values, and a URL's parameters of such names. A value without quotation marks
#: may have spaces, against libpq's rules, and ends at the next usual word.
_WORD: Final = re.compile(
    r"(\w*(?:password|passwd|pwd|secret|scram_\w+)\s*(?:=|%3D)\s*)(?!\*\*\*)(?:'(?:\\.|[^'\\])*'?"
    r"|\S.*?(?=\s+(?:host|hostaddr|port|user|dbname|service|sslmode|options|connect_timeout)\s*=|$))",
    re.IGNORECASE | re.MULTILINE,
)


#: The variables of CI systems that take commands from the log, and how such commands begin: in GitHub's a line, in
#: Azure's a part of it.
_IN_CI: Final = {"GITHUB_ACTIONS", "TF_BUILD"}
_MAY_COMMAND: Final = re.compile("::|##")
_COMMAND: Final = re.compile(r"^\s*::|##(?=vso\[|\[)", re.MULTILINE | re.IGNORECASE)


class CleanStream(io.TextIOBase):
    """A text stream that spells out control characters. A progress bar, which needs some, takes `raw`.

    It has no `buffer`: libraries write to a stream's buffer where they dislike its encoding.
    """

    def __init__(self, raw: TextIO, *, hides_secrets: bool = False) -> None:
        self.raw = raw
        self._hides_secrets = hides_secrets

    def write(self, text: str) -> int:
        """Write text without control characters but ends of lines and tabs; return the length of the text."""
        self.raw.write(_without_commands(clean(without_secrets(text) if self._hides_secrets else text)))
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
    """Print without control characters in this block: messages, warnings, tracebacks, logs of libraries."""
    with contextlib.ExitStack() as stack:
        # a process may have been started without one of them
        if sys.stdout is not None:
            stack.enter_context(contextlib.redirect_stdout(_clean(sys.stdout)))
        if sys.stderr is not None:
            stack.enter_context(contextlib.redirect_stderr(_clean(sys.stderr, hides_secrets=True)))
        yield


def without_secrets(text: str) -> str:
    """Return a message without the secrets of a connection that stands in it, as a DSN that was given as another word.

    Of a URL everything up to the last @ is hidden, of the line or of the word: a password may hold more of them.
    """
    return _WORD.sub(r"\1***", _URL.sub(r"\1\2***@", text)) if _MAY_HIDE.search(text) else text


def _without_commands(text: str) -> str:
    """Return a text in which the CI system that runs this program finds no command: a value could hold one."""
    if not _IN_CI & os.environ.keys() or not _MAY_COMMAND.search(text):
        return text
    return _COMMAND.sub(lambda it: it[0].replace("::", ": :").replace("##", "# #"), text)


def print_raw(command: str) -> None:
    """Print a command for the CI system on a line of its own."""
    raw = sys.stdout.raw if isinstance(sys.stdout, CleanStream) else sys.stdout
    raw.write(f"{command}\n")
    raw.flush()


def cleaned_stderr() -> contextlib.AbstractContextManager[Any]:
    """Clean what is printed to a stream that was put in the place of standard error, as a progress bar does."""
    return contextlib.redirect_stderr(_clean(sys.stderr, hides_secrets=True))


def raw_stderr() -> TextIO:
    """Return standard error for control characters of our own."""
    return sys.stderr.raw if isinstance(sys.stderr, CleanStream) else sys.stderr


def _clean(stream: TextIO, *, hides_secrets: bool = False) -> TextIO:
    return cast(TextIO, CleanStream(stream, hides_secrets=hides_secrets))
