"""What is computed from the program's own files, kept beside them as Python keeps compiled modules.

A file is written where Python would write the compiled module of a neighbour, and never where it would not
(`PYTHONDONTWRITEBYTECODE`, a folder that this user may not write to, `PYTHONPYCACHEPREFIX`). It is used only with the
key that it was written with, so that a change of what it was computed from makes it useless.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
_DIGEST: Final = 32


def key(*parts: str | bytes) -> bytes:
    """Return a key for what is computed from these parts by this version of Python."""
    digest = hashlib.sha256(sys.version.encode())
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)
    return digest.digest()


def contents(files: Iterable[Path]) -> bytes:
    """Return a digest of the paths and contents of files. Raises OSError."""
    return key(*(part for file in sorted(files) for part in (str(file), file.read_bytes())))


def read(place: Path, key: bytes) -> bytes | None:
    """Return what was written for a file of the program, called `place`, under this key; None if nothing was."""
    try:
        data = _path(place).read_bytes()
    except OSError:
        return None
    head, payload = data[: 2 * _DIGEST], data[2 * _DIGEST :]
    return payload if head == key + hashlib.sha256(payload).digest() else None


def write(place: Path, key: bytes, payload: bytes) -> None:
    """Keep something for a file of the program, called `place`, if Python would keep a compiled module there."""
    if sys.dont_write_bytecode:
        return
    path = _path(place)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        with part.open("xb") as file:
            try:
                file.write(key + hashlib.sha256(payload).digest() + payload)
                part.replace(path)  # other processes read it meanwhile
            except BaseException:
                part.unlink(missing_ok=True)
                raise


def computed(place: Path, key: bytes, make: Callable[[], T]) -> T:
    """Return the object that was kept under the key, or make and keep it."""
    kept = read(place, key)
    if kept is not None:
        try:
            made: T = pickle.loads(kept)  # noqa: S301 - a user who can write there can change the modules, too
            return made
        except Exception:  # noqa: S110 - it is made again, whatever ails it
            pass
    made = make()
    write(place, key, pickle.dumps(made, 5))
    return made


def _path(place: Path) -> Path:
    return Path(cache_from_source(str(place.with_suffix(".py")))).with_suffix(".kept")
