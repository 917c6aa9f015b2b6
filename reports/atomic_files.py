"""Write a folder of files whole or not at all: each beside its place first, then renamed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def draft(target: Path) -> Iterator[Path]:
    """Provide a draft folder next to `target`; at the end, its files move into `target`, one by one.

    If the block raises, the draft is removed and `target` unchanged. Raises OSError if a folder is not writable.
    """
    made = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".draft-", dir=target))
    try:
        yield folder
        for path in sorted(folder.iterdir()):
            if path.is_file():
                path.chmod(0o666 & ~_umask())
                path.replace(target / path.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if made and not any(target.iterdir()):
            target.rmdir()


def write(path: Path, text: str) -> None:
    """Write one file beside its place, then rename it there."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
