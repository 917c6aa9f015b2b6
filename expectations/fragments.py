"""Fragments: SQL that several files share.

A line `-- include: NAME` is replaced by the text of the file `NAME.fragment.sql` in the same folder, or in the nearest
folder above it, up to the folder of the suite. A fragment has no parameters and no includes. Its lines get the
indentation of the line that includes them. So include a literal of several lines without indentation.

A fragment is in the folder of the files that share it, so that a rule file can run alone and move with its folder. Its
suffix distinguishes it from a rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from order_audit.expectations.error import SuiteError

ENDING: Final = ".fragment.sql"
_INCLUDE: Final = re.compile(r"(?P<indent>[ \t]*)--\s?include:\s*(?P<name>.*?)\s*")
_NAME: Final = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Line:
    """A line of a statement, and the file, line number and indentation that it comes from.

    `indent` is how many characters stand before it that are not in the file (below 0: that are only there).
    """

    text: str
    path: str
    number: int
    indent: int = 0


def lines(text: str, path: str) -> list[Line]:
    """Split the text of a file that `path` names in messages."""
    # not splitlines(): a form feed or U+2028 within a text is no line's end to PostgreSQL
    split = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    return [Line(line, path, number) for number, line in enumerate(split, start=1)]


def trimmed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines of a statement without white space before and behind it."""
    full = [place for place, line in enumerate(lines) if line.text.strip()]
    if not full:
        return ()
    kept = list(lines[full[0] : full[-1] + 1])
    first = kept[0].text.lstrip()
    kept[0] = replace(kept[0], text=first, indent=kept[0].indent - (len(kept[0].text) - len(first)))
    kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)


def read(file: Path, top: Path, show: Callable[[Path], str] = str) -> list[Line]:
    """Read a file and replace its include lines by fragments.

    Fragments are searched up to the folder `top`; `show` formats paths in messages. Raises SuiteError with file and
    line for a fragment that is missing, outside of `top`, empty, or includes another one; OSError or UnicodeDecodeError
    if the file is unreadable.
    """
    whole: list[Line] = []
    for line in lines(file.read_text(encoding="utf-8"), show(file)):
        include = _INCLUDE.fullmatch(line.text)
        if include is None:
            whole.append(line)
            continue
        where = f"{line.path}:{line.number}"
        fragment = _find(include["name"], file.parent, top, where)
        indent = include["indent"]
        for inner in _text(fragment, show(fragment), where):
            text = indent + inner.text if inner.text else ""
            whole.append(Line(text, inner.path, inner.number, len(indent)))
    return whole


def _find(name: str, folder: Path, top: Path, where: str) -> Path:
    if not _NAME.fullmatch(name):
        raise SuiteError(
            f"{where}: '{name}' is no name of a fragment: write NAME for the file NAME{ENDING} beside this one, or in a"
            " folder above it within the suite"
        )
    for place in (folder, *folder.parents):
        path = place / f"{name}{ENDING}"
        if path.is_file():
            if not path.resolve().is_relative_to(top.resolve()):
                raise SuiteError(f"{where}: the fragment '{name}' is a link to a file outside of the suite's folder")
            return path
        if place == top:
            break
    raise SuiteError(
        f"{where}: no fragment '{name}': {name}{ENDING} is neither beside this file nor in a folder above it within the"
        " suite"
    )


def _text(path: Path, shown: str, where: str) -> list[Line]:
    try:
        text = path.read_text(encoding="utf-8").rstrip()
    except UnicodeDecodeError:
        raise SuiteError(f"{where}: the fragment {shown} is not UTF-8 text") from None
    except OSError as error:
        raise SuiteError(f"{where}: the fragment {shown}: {error.strerror}") from None
    if not text:
        raise SuiteError(f"{where}: the fragment {shown} is empty")
    made = lines(text, shown)
    for line in made:
        if _INCLUDE.fullmatch(line.text):
            raise SuiteError(f"{shown}:{line.number}: a fragment includes no other fragment, nor itself")
    return made


def files(folder: Path) -> list[Path]:
    """The .sql files below a folder that are no fragments, in the order of their paths, without hidden ones."""
    return [path for path in _below(folder) if not path.name.endswith(ENDING)]


def used(folder: Path, included: Collection[str], show: Callable[[Path], str] = str) -> list[Path]:
    """Return the fragments below a folder. Raises SuiteError for a fragment that is not in `included`."""
    paths = [path for path in _below(folder) if path.name.endswith(ENDING)]
    for path in paths:
        if show(path) not in included:
            line = f"-- include: {path.name.removesuffix(ENDING)}"
            raise SuiteError(f"{show(path)}:1: no file includes this fragment: write '{line}' in one, or delete it")
    return paths


def _below(folder: Path) -> list[Path]:
    """Hidden files and folders are left out. Raises SuiteError for what is neither: a pipe would be read for ever."""
    paths = sorted(folder.rglob("*.sql"))
    shown = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if wrong := next((path for path in shown if not path.is_file() and not path.is_dir()), None):
        raise SuiteError(f"{wrong}: not a file that can be read: remove it")
    return shown
