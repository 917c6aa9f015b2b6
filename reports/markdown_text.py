"""Texts of a database or of a file in Markdown: no markup, no mention, no link, and nothing that cannot be seen.

GitHub and GitLab look for mentions, issues and addresses in what they have rendered, where an escaped character is as
good as any other. So a mark that joins words, and is not seen, keeps `@`, `#` and the parts of addresses apart. They
do not look in code.
"""

from __future__ import annotations

import re
from typing import Final

from order_audit.reports.escaping import plain

#: U+2060, as an entity: the file itself has no invisible characters.
_JOINER: Final = "&#8288;"
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>|#!~&$^])")
#: A mention, an issue, a web address with or without its scheme, an e-mail address.
_SEEN: Final = re.compile(r"@(?=[\w/])|\\#(?=\d)|\\!(?=\d)|www(?=\.)|[a-z][a-z0-9+.-]*:(?=//|\S+@)|\bGH(?=-\d)", re.I)
#: What begins a list or a heading at the beginning of a line.
_BEGINNING: Final = re.compile(r"\A([-+=]|\d+(?=[.)]))")


def escaped(value: str) -> str:
    """Return a text on one line, for a paragraph, an item of a list or the cell of a table."""
    value = plain(" ".join(value.split()))
    value = _MARKUP.sub(r"\\\1", value)
    value = _BEGINNING.sub(lambda found: f"{found[1]}{_JOINER}", value)
    return _SEEN.sub(lambda found: found[0] + _JOINER, value)


def code(value: str, *, in_table: bool = False) -> str:
    """Return a name or command as code, whatever backticks it has; in a table, `|` would end the cell."""
    value = plain(" ".join(value.split())) or " "
    longest = max((len(run) for run in re.findall(r"`+", value)), default=0)
    fence = "`" * (longest + 1)
    # one space at each end is taken off, and one that belongs to the text needs another
    if value[0] in "` " or value[-1] in "` ":
        value = f" {value} "
    return f"{fence}{value.replace('|', chr(92) + '|') if in_table else value}{fence}"
