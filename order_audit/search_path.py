"""The schemas that --schema names: `ops`, or several in the order of the search path, `ops,ref`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from order_audit.errors import UsageError

#: A name in double quotes (doubled inside of them), or one without, up to the next comma.
_NAME: Final = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")+)"\s*|(?P<plain>[^\s,"][^,]*))(?P<end>,|$)')


def names(text: str) -> tuple[str, ...]:
    """Return the schemas of a text, with capitals as they are. Names with a comma stand in double quotes.

    Raises UsageError for a text that is no list of names, or has one twice.
    """
    found: list[str] = []
    place = 0
    while text and (match := _NAME.match(text, place)):
        found.append(match["quoted"].replace('""', '"') if match["quoted"] else match["plain"].strip())
        if not match["end"]:
            break
        place = match.end()
    else:
        if text:
            raise UsageError(f'--schema: {text} is no list of schemas: write NAME or NAME,NAME; quote "a,b"')
    if twice := [name for name in found if found.count(name) > 1]:
        raise UsageError(f"--schema: '{twice[0]}' stands twice")
    return tuple(found)


def text(schemas: Iterable[str]) -> str:
    """Return what `names` reads as these schemas."""
    return ",".join(
        _quoted(name) if "," in name or name[:1] == '"' or name != name.strip() else name for name in schemas
    )


def home(given: str) -> str:
    """Return the first schema if --schema names several: names in the others have their schema. Else empty."""
    schemas = names(given)
    return schemas[0] if len(schemas) > 1 else ""


def setting(given: str) -> str:
    """Return the value of search_path for --schema."""
    return ", ".join(map(_quoted, names(given)))


def one(given: str) -> str:
    """Return the only schema that --schema names; empty for none. Raises UsageError for several."""
    schemas = names(given)
    if len(schemas) > 1:
        raise UsageError(f"--schema: {given} are {len(schemas)} schemas; this command creates its tables in one")
    return schemas[0] if schemas else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
