"""Texts that may hold anything: escaped, with characters that cannot be seen, or that change how others are read,
spelled out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup, escape

from order_audit.expectations import is_web_address

#: Characters that count as printable and show nothing, or (U+FFFD) stand for a loss.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffd\U000e0100-\U000e01ef]"
)
_NAMED: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
#: The placeholder of a query that is printed before.
REFERENCE: Final = "/* the query above goes here; Copy puts it in */"
# A text of hidden characters has many of the same few letters, and each alone costs as much as a whole text.
_escaped: Final = lru_cache(escape)
#: A relative path, percent-encoded: no scheme, and no host.
_PAGE: Final = re.compile(r"[\w.~%-][\w.~%/-]*\.html", re.ASCII)
_SPACES: Final = re.compile(r"\A +| +\Z| {2,}")


def plain(value: Any) -> Any:
    """Every text on its way into a page, attributes too: with its hidden characters spelled out."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return value if _is_clear(value) else "".join(_code(letter) if _is_hidden(letter) else letter for letter in value)


def visible(text: str, *, keep: str = "", evidence: bool = False, end: int | None = None) -> Markup:
    """A text as markup, with its hidden characters spelled out and marked as such, but for those to `keep`.

    As `evidence`, spaces that one could miss and letters out of Unicode's normal form C are spelled out too. `end`
    shows the beginning only.
    """
    if end is not None:
        text = text[: end + 1]  # one more letter shows whether a space is the last one
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip(" "):
        return escape(text[:end])  # as most texts, and in a fifth of the time
    loose = evidence and not unicodedata.is_normalized("NFC", text)
    spaces = {place for run in _SPACES.finditer(text) for place in range(*run.span())} if evidence else set()
    if not loose and not spaces and _is_clear(text.translate(dict.fromkeys(map(ord, keep)))):
        return escape(text[:end])
    parts = []
    for place, letter in enumerate(text[:end]):
        if place in spaces:
            parts.append(_spelled(letter, "␣"))
        elif letter not in keep and (_is_hidden(letter) or (loose and _is_loose(letter))):
            parts.append(_spelled(letter, _code(letter)))
        else:
            parts.append(_escaped(letter))
    return Markup("".join(parts))  # noqa: S704 # each part is escaped


def name(text: str) -> Markup:
    """A rule's id or a file's path, to be broken where its parts end."""
    return Markup("<wbr>").join(visible(part) for part in re.split(r"(?<=[._/])", text))


def web_link(text: str) -> Markup:
    """A web address as a link; any other text as text, since a results file may come from anywhere."""
    return Markup('<a href="{}">{}</a>').format(plain(text), visible(text)) if is_web_address(text) else visible(text)


def page_link(address: str, text: str) -> Markup:
    """A web address, or the path of a file from this one's folder, as a link with a text; anything else as it is."""
    if not is_web_address(address) and not _PAGE.fullmatch(address):
        return visible(address)
    return Markup('<a href="{}">{}</a>').format(plain(address), visible(text))


def sql(text: str) -> Markup:
    """SQL, with its lines as they are."""
    return visible(text, keep="\n\t")


def statement(query: str) -> str:
    """Return a query with its semicolon, which no comment may swallow."""
    return f"{query}\n;" if "--" in query.rpartition("\n")[2] else f"{query};"


def sql_around(text: str, query: str, place: str) -> Markup:
    """SQL that contains a query, which the page's element `place` has already: a link to there in its stead.

    The link's text is a comment that says so; the copy button puts the query in its place.
    """
    parts = text.split(query) if query else [text]
    link = Markup('<a class="same" href="#{}">{}</a>').format(place, REFERENCE)
    return link.join(sql(part) for part in parts)


def _is_hidden(letter: str) -> bool:
    return not letter.isprintable() or _UNSEEN.match(letter) is not None


def _is_clear(text: str) -> bool:
    return text.isprintable() and _UNSEEN.search(text) is None


def _is_loose(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M") or not unicodedata.is_normalized("NFC", letter)


def _code(letter: str) -> str:
    return _NAMED.get(letter, f"⟨U+{ord(letter):04X}⟩")


@lru_cache
def _spelled(letter: str, shown: str) -> Markup:
    name = unicodedata.name(letter, "").lower() or f"U+{ord(letter):04X}"
    return Markup('<b class="esc" title="{}" data-code="{:x}">{}</b>').format(name, ord(letter), shown)
