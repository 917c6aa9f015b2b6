"""Standard streams that cannot be written (a full disk, a closed descriptor): the command goes on, the end says so."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: The exit code of a command that did its work and could not print all of its output.
UNPRINTED = 4


class _Lasting(io.FileIO):
    """A descriptor whose errors are kept and not raised: what is written after one is lost."""

    error: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write; after an error, do as if."""
        try:
            return super().write(data)
        except OSError as error:
            self.error = self.error or error
            return memoryview(data).nbytes


class Output:
    """Standard output and error, for the time of a command."""

    def __init__(self) -> None:
        """Take the streams as they are."""
        self._stdout, sys.stdout = _lasting(sys.stdout, errors="replace")  # marks that a terminal lacks become ?
        self._stderr, sys.stderr = _lasting(sys.stderr, errors="backslashreplace")

    def exit_code(self, code: int) -> int:
        """Return the exit code of a command that ends with `code`, and say on stderr if its output was not printed.

        A closed pipe (`| head`) is no error: its reader wanted no more.
        """
        sys.stdout.flush()
        error = self._stdout.error if self._stdout else None
        if error is None or error.errno == errno.EPIPE:
            return code
        message = f"order-audit: cannot write to stdout: {error.strerror}"
        if code not in (0, 1):
            print(message, file=sys.stderr)
            return code
        print(f"{message}; all other work is done; the exit code would have been {code}", file=sys.stderr)
        return UNPRINTED


@contextmanager
def output() -> Iterator[Output]:
    """Provide streams that no failure to write stops; at the end, those of before are back."""
    before = sys.stdout, sys.stderr
    try:
        yield Output()
    finally:
        sys.stdout, sys.stderr = before


def _lasting(stream: TextIO | None, errors: str) -> tuple[_Lasting | None, TextIO]:
    """Return the stream that takes the place of another; one without a descriptor, as tests have, stays."""
    if stream is None:  # it was closed before the program began; a descriptor for reading refuses to be written
        raw, encoding = _Lasting(os.open(os.devnull, os.O_RDONLY), "w", closefd=False), "utf-8"
    else:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
        try:
            stream.flush()
            raw, encoding = _Lasting(stream.fileno(), "w", closefd=False), stream.encoding
        except OSError:
            return None, stream
    return raw, io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=True, write_through=True
    )
