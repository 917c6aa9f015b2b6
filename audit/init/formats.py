"""Candidates on the form of texts: e-mail addresses, UUIDs, codes of a standard, dates, and codes of one length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from order_audit.audit.init.candidate import Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.names import FREE_TEXT, words
from order_audit.reports.formatting import plural


@dataclass(frozen=True)
class Format:
    """A form of texts: `pattern` holds in Python and in PostgreSQL, for whole values.

    With `names`, one of these words must be in the column's name, since the pattern alone says too little.
    """

    name: str
    pattern: str
    why: str
    names: frozenset[str] = frozenset()


_LABEL: Final = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_EMAIL: Final = r"^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~\x60-]+@" + _LABEL + r"(\." + _LABEL + ")+$"
_FORMATS: Final = (
    Format("an e-mail address", _EMAIL, "Mail to another text is never delivered."),
    Format("a UUID", r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "Programs that read it as a UUID fail."),
    Format("a URL", r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^ ]+$", "A link to another text leads nowhere."),
    Format("a date and time", r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$",
           "Casts to a timestamp fail on another text, and its order is not that of time."),
    Format("a date", r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
           "Casts to a date fail on another text, and its order is not that of time."),
    Format("a time", r"^([01]\d|2[0-4]):[0-5]\d(:[0-5]\d)?$", "Casts to a time fail on another text."),
    Format("an IPv4 address", r"^\d{1,3}(\.\d{1,3}){3}$", "Casts to inet fail on another text."),
    Format("an international phone number", r"^\+\d[\d ().-]{6,18}\d$", "Another text cannot be dialled."),
    Format("a country code", r"^[A-Z]{2}$", "ISO 3166 has two capital letters; others are not found.",
           frozenset(("country", "nation", "nationality"))),
    Format("a country code", r"^[A-Z]{3}$", "ISO 3166 has three capital letters here; others are not found.",
           frozenset(("country", "nation", "nationality"))),
    Format("a currency code", r"^[A-Z]{3}$", "ISO 4217 has three capital letters; others have no rate.",
           frozenset(("currency", "ccy"))),
    Format("a language code", r"^[a-z]{2}(-[A-Z]{2})?$", "ISO 639 has two small letters; others are not found.",
           frozenset(("language", "lang", "locale"))),
    Format("a hash in hexadecimal digits", r"^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$", "It cannot be compared."),
)  # fmt: skip
#: Classes of characters of codes, from the narrowest on.
_CLASSES: Final = (("digits", r"\d", "0-9"), ("capital letters", "[A-Z]", "A-Z"), ("small letters", "[a-z]", "a-z"),
                   ("capital letters and digits", "[A-Z0-9]", "A-Z0-9"))  # fmt: skip
_LONGEST: Final = 12
_ENOUGH: Final = 20
#: Values of a column that must differ: fewer are a list.
_DIFFERENT: Final = 10


def of_formats(found: TableFigures) -> Iterator[Candidate | Omitted]:
    """Yield candidates of each text column whose most frequent values have one form."""
    for figures in found.columns.values():
        if figures.column.family != "text" or figures.column.is_generated or not figures.values:
            continue
        form = _form(figures)
        if form is None:
            continue
        subject = f"{found.table.shown}.{figures.name}"
        if figures.column.has_check:
            yield Omitted(subject, "format", "a CHECK constraint or a domain limits it")
        elif figures.values < _ENOUGH or figures.distinct < _DIFFERENT:
            yield Omitted(subject, "format", f"too few: {plural(figures.distinct, 'different value')}")
        else:
            pattern = form.pattern.replace("'", "''")
            yield Candidate(
                "format", found.table, (figures.column,), f"{subject} is not {form.name}", form.why, figures.values,
                (f"{figures.distinct:,} different values",), f"{figures.column.text} !~ '{pattern}'",
            )  # fmt: skip


def _form(figures: Figures) -> Format | None:
    named, samples = set(words(figures.name)), [*figures.top, *figures.ends]
    for form in _FORMATS:
        if (not form.names or form.names & named) and all(re.match(form.pattern, value) for value in samples):
            return form
    shortest, longest = figures.lengths
    if shortest != longest or not 2 <= longest <= _LONGEST or named & FREE_TEXT:
        return None
    for name, letter, letters in _CLASSES:
        if all(re.fullmatch(f"{letter}+", value) for value in samples):
            return Format(
                f"{longest} {name}", f"^[{letters}]{{{longest}}}$", "A value of another form is no such code."
            )
    return None
