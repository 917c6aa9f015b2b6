"""Results of earlier audits, read from their files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from order_audit.reports import violations
from order_audit.reports.document import FORMAT, Document, DocumentError, KeyDigests, Result, Violations, decode

_OLD: str = "order-audit/1"


@dataclass(frozen=True)
class Keys:
    """The results of an audit, the folder with its violations file, and the secret key of its digests."""

    results: tuple[Result, ...]
    violations: Violations | None
    folder: Path
    digests: KeyDigests | None = None

    def file(self) -> tuple[Path | None, str]:
        """The violations file, if it is there and is the one that the results speak of; else why not."""
        named = self.violations
        if not named:
            return None, "it was written without violations.csv"
        path = self.folder / Path(named.file).name
        if not path.is_file():
            return None, f"{named.file} is not beside it"
        try:
            with path.open("rb") as data:
                if hashlib.file_digest(data, "sha256").hexdigest() != named.sha256:
                    return None, f"{named.file} beside it is not the one it was written with"
                data.seek(0)
                rows = violations.count(data) - 1
        except OSError as error:
            return None, f"{named.file} beside it cannot be read: {error.strerror}"
        if rows != named.rows:
            return None, f"{named.file} beside it has {rows} rows, and not {named.rows}"
        return path, ""


@dataclass(frozen=True)
class Audit:
    """A result document, and the folder that its violations file stands in."""

    document: Document
    folder: Path

    @property
    def keys(self) -> Keys:
        """Return the results for a comparison."""
        return Keys(self.document.results, self.document.violations, self.folder, self.document.key_digests)


def read(path: Path) -> Audit:
    """Read a results file, or that of a folder. Raises DocumentError if it is none, naming the wrong part."""
    path = path / "results.json" if path.is_dir() else path
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise DocumentError(f"{path} is not JSON; give the results.json of an audit") from None
    form = parsed.get("format") if isinstance(parsed, dict) else None
    if form == _OLD:
        raise DocumentError(f"{path} was written by an earlier version (format {form!r}): run that audit again")
    if form != FORMAT:
        raise DocumentError(f"{path} is no result of an audit (format {form!r}, expected {FORMAT!r})")
    try:
        return Audit(decode(Document, parsed), path.parent)
    except DocumentError as error:
        raise DocumentError(f"{path} is damaged: {error}") from None


def baseline(path: Path) -> Audit:
    """Read a results file to hold an audit against, which takes its keys: by counts, a violation that takes the place
    of another is not seen.

    Raises DocumentError if it is no result, or its violations file is missing or changed.
    """
    audit = read(path)
    file, why = audit.keys.file()
    if file is None and not audit.document.violations:
        raise DocumentError(f"--baseline {path}: {why}; give an audit that wrote it (--format json,violations)")
    if file is None:
        raise DocumentError(f"--baseline {path}: {why}; keep violations.csv and results.json of one audit together")
    return audit


@contextmanager
def sound(*paths: Path) -> Iterator[None]:
    """While it lasts, a part of open shape (a profile, a row) that lacks something is said to be damaged."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as error:
        names = " or ".join(map(str, paths))
        raise DocumentError(f"{names} is damaged: {type(error).__name__} {error}") from error
