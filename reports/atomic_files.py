"""Write a folder of files whole or not at all: each beside its place first, then renamed.

What a killed process leaves beside its place has data in it. The next one to write there removes it: each draft has a
file that its process keeps locked, and the kernel unlocks it with the process's end.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any, Final

#: The locked file in a scratch folder.
_LOCK: Final = ".order-audit-lock"


@contextmanager
def draft(target: Path) -> Iterator[Path]:
    """Provide a draft folder in `target`; at the end, its files move into `target`, one by one.

    If the block raises, the draft is removed and `target` unchanged. Raises OSError if a folder is not writable.
    """
    made = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    try:
        with scratch(target, ".draft-") as folder:
            yield folder
            for path in sorted(folder.iterdir()):
                if path.is_file() and path.name != _LOCK:
                    path.chmod(0o666 & ~_umask())
                    path.replace(target / path.name)
    finally:
        if made and not any(target.iterdir()):
            target.rmdir()


def write(path: Path, text: str) -> None:
    """Write one file beside its place, then rename it there."""
    with scratch(path.parent, f".{path.name}-") as folder:
        part = folder / "part"
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)


@contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """Provide a folder of this user alone in `parent`, removed at the end whatever happens.

    Those of the same prefix whose process was killed are removed first. Raises OSError.
    """
    for left in parent.glob(f"{escape(prefix)}????????"):
        _clear(left)
    folder, lock = _locked(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def temporary() -> Iterator[Path]:
    """Provide such a folder where the system keeps temporary files."""
    with scratch(Path(tempfile.gettempdir()), "order-audit-keys-") as folder:
        yield folder


def _locked(parent: Path, prefix: str) -> tuple[Path, int | None]:
    """Make a folder and lock it; without a lock where the file system has none, and then no process can take it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # another process removed the empty folder
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            os.close(lock)
            return folder, None
        if os.fstat(lock).st_nlink:
            return folder, lock
        os.close(lock)  # another process was first, and removed it


def _clear(folder: Path) -> None:
    """Remove a scratch folder of this user if no process has it locked."""
    with suppress(OSError):
        if folder.lstat().st_uid != os.geteuid():
            return
        if not (folder / _LOCK).exists():
            folder.rmdir()  # its process was killed before it had locked it; one with files is not from here
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def write_json(path: Path, document: Any) -> None:
    """Write a document as JSON that a person can read too."""
    path.write_text(as_json(document), encoding="utf-8", newline="\n")


def as_json(document: Any) -> str:
    """The text of a JSON file that a person can read too."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
