"""The names of tables in the other engine."""

from __future__ import annotations

import re
from typing import Final

#: Names of tables that are the same in every dialect, and those that look as if a translation had given them.
_PLAIN: Final = re.compile(r"[a-z0-9_.]+")
_GIVEN: Final = re.compile(r"[a-z][0-9]+")


def table_name(name: str) -> str:
    """Return the identifier of a table in the other dialect, where names that differ in case only may be the same.

    Names that the translation gives, such as `w1`, are no table's.
    """
    is_plain = _PLAIN.fullmatch(name) and not _GIVEN.fullmatch(name)
    return '"' + (name if is_plain else f"~{name.encode().hex()}") + '"'
