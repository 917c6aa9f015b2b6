"""What a translation has to know of the server that the data come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

#: Names of collations that compare texts by their code points.
_BINARY: Final = ("C", "POSIX", "ucs_basic", "C.UTF-8", "C.utf8", "PG_UNICODE_FAST")


@dataclass(frozen=True)
class ServerFacts:
    """The database's encoding, locale and session time zone, as `pg_database` and `current_setting` name them.

    `provider` is that of the locale: `libc`, `builtin` or `icu`. `time_zone` is empty where it is not known. The
    defaults are those of a database that compares texts by their code points.
    """

    encoding: str = "UTF8"
    provider: Literal["libc", "builtin", "icu"] = "libc"
    collation: str = "C.UTF-8"
    character_type: str = "C.UTF-8"
    time_zone: str = ""

    @property
    def orders_by_code_point(self) -> bool:
        """Whether the database's own collation orders texts by their code points."""
        return self.provider != "icu" and self.collation in _BINARY

    @property
    def letters(self) -> Literal["ascii", "libc", "builtin", "unknown"]:
        """Which letters have another case: those of ASCII, of the C library, of Unicode one by one, or unknown ones."""
        if self.provider == "icu" or self.encoding != "UTF8":
            return "unknown"
        if self.provider == "builtin":
            return "builtin" if self.character_type in ("C.UTF-8", "C", "") else "unknown"
        if self.character_type in ("C", "POSIX"):
            return "ascii"
        language = self.character_type.split("_")[0].lower()
        return "unknown" if language in ("tr", "az", "lt", "crh", "ku", "tt") else "libc"
