"""Mask secrets and personal data in all output.

A masked value keeps its length, punctuation, spaces and invisible characters, which show its fault. It loses its
letters and digits: `Ada.Lovelace@example.com ` becomes `A••.••••••••@•••••••.••• `. Of a secret nothing is left: it
becomes `[secret 3]`, once `secret_numbers` has numbered the document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from itertools import pairwise
from typing import Any, Final

from order_audit.audit.secret_numbers import UNNUMBERED, mark
from order_audit.server_message import masked as message
from order_audit.server_message import server_message as error

__all__ = [
    "JSON",
    "TEXT",
    "error",
    "is_personal",
    "is_plain",
    "is_secret",
    "key",
    "message",
    "passwords",
    "text",
    "value",
]

#: Words in the names of columns or keys with personal data or secrets.
_PERSONAL: Final = {
    "email", "mail", "phone", "telephone", "tel", "mobile", "cell", "cellphone", "fax", "address", "street", "contact",
    "zip", "zipcode", "postcode", "postal", "firstname", "lastname", "surname", "fullname", "middlename", "givenname",
    "familyname", "maidenname", "forename", "nickname", "username", "birthday", "birthdate", "birth", "born", "dob",
    "ssn", "iban", "passport", "ip", "latitude", "longitude", "cvv", "cvc", "cardnumber", "cardno", "creditcard",
    "cardholder", "accountnumber", "bankaccount", "taxnumber",
}  # fmt: skip
#: Pairs of words in such names, side by side in any order: first_name, nameFirst, card_number.
_PERSONAL_PAIRS: Final = {
    frozenset(pair)
    for pair in [
        *(("name", word) for word in (
            "first", "last", "middle", "full", "given", "family", "maiden", "birth", "nick", "user", "person", "real",
            "holder",
        )),
        *(("card", word) for word in ("number", "no", "num", "nr", "credit", "debit", "holder", "payment")),
        *(("account", word) for word in ("number", "no", "bank", "holder")),
        ("social", "security"), ("security", "number"), ("tax", "number"), ("tax", "identification"), ("vat", "number"),
        ("national", "id"), ("identity", "number"), ("passport", "number"), ("license", "number"),
        ("licence", "number"), ("driver", "license"), ("driving", "licence"), ("license", "plate"),
        ("insurance", "number"), ("post", "code"), ("house", "number"), ("sort", "code"), ("routing", "number"),
    ]
}  # fmt: skip
_SECRET: Final = (
    "apikey",
    "secret",
    "token",
    "password",
    "passwd",
    "pwd",
    "credential",
    "privatekey",
    "authorization",
)
#: Last words of names that count or classify their subject.
_HARMLESS_END: Final = {"id", "ids", "count", "state", "country", "type", "kind", "status", "valid", "verified", "at"}
#: Of these, the last words of names of secrets.
_SECRET_END: Final = {"id", "ids"}
#: Names that end so, and are personal for all that.
_PERSONAL_IDS: Final = {frozenset(("national", "id")), frozenset(("tax", "id")), frozenset(("personal", "id"))}
#: A password in a connection's words or address; operators of SQL have spaces around them where PostgreSQL writes it.
_PASSWORD: Final = re.compile(
    r"((?<![\w.])(?:password|passwd|pwd)=|://[^\s:/@']+:(?=[^\s@']+@))[^\s@'&;]+", re.IGNORECASE
)
#: Characters beside an @: no white space, and no marks that enclose an address.
_EMAIL: Final = re.compile(r"[^\s@\"'<>,;:(){}\[\]]{0,320}\s?@\s?[^\s@\"'<>,;:(){}\[\]]+")
_PHONE: Final = re.compile(
    r"(?<![\w.-])(?:\+\d[\d ().-]{6,}\d|(?:1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}|\d{3}[ .-]\d{4})(?![\w-])"
)
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
#: Texts that say "nothing here": they are no personal data, and they are the finding.
_PLACEHOLDERS: Final = {
    "",
    "n/a",
    "na",
    "none",
    "null",
    "nil",
    "test",
    "testing",
    "unknown",
    "tbd",
    "todo",
    "placeholder",
    "xxx",
    "-",
    ".",
    "?",
}
#: The oid of type json.
JSON: Final = 114
_JSON_TYPES: Final = {JSON, 3802}
#: The oid of type text.
TEXT: Final = 25
#: Types whose values cannot hold a text: booleans, numbers, times, bits, uuid.
PLAIN_TYPES: Final = {
    16, 20, 21, 23, 26, 700, 701, 1700, 1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562, 2950,
    3904, 3906, 3908, 3910, 3912, 3926, 4451, 4532, 4533, 4534, 4535, 4536,  # ranges of such, and sets of ranges
}  # fmt: skip
#: Types of catalog names: they name a table, a column, a type.
_NAME_TYPES: Final = {18, 19, 24, 2202, 2203, 2205, 2206, 4089, 4096}
#: First characters of a JSON document or string.
_OPENERS: Final = ("{", "[", '"')
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_REFERENCE: Final = re.compile(r"secret-ref:[A-Za-z0-9_./-]+")


def is_plain(kind: int) -> bool:
    """Return whether values of a type (an oid) hold no text of a person: numbers, times, uuids, catalog names."""
    return kind in PLAIN_TYPES or kind in _NAME_TYPES


def is_personal(names: Collection[str] | None) -> bool:
    """Return whether a value from columns with these names may be personal data or secret; None: names unknown."""
    return names is None or any(_is_personal_name(name) for name in names)


def is_secret(names: Collection[str] | None) -> bool:
    """Return whether a value from columns or keys with these names is a secret, and not only about one."""
    return names is not None and any(
        _is_secret_name(name) and _words(name)[-1:] not in [[word] for word in _HARMLESS_END - _SECRET_END]
        for name in names
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _is_personal_name(name: str) -> bool:
    if _is_secret_name(name):
        return True
    words = _words(name)
    pairs = {frozenset(pair) for pair in pairwise(words)}
    if pairs & _PERSONAL_IDS:
        return True
    if not words or words[-1] in _HARMLESS_END:
        return False
    return bool(pairs & _PERSONAL_PAIRS) or any(word.rstrip("s") in _PERSONAL or word in _PERSONAL for word in words)


def _is_secret_name(name: str) -> bool:
    joined = re.sub(r"[-_\s]", "", name).lower()
    return any(word in joined for word in _SECRET)


def text(value: str, *, whole: bool) -> str:
    """A text with its letters and digits masked: all of them (`whole`), or those of addresses and numbers within."""
    if whole:
        return value if value.strip().lower() in _PLACEHOLDERS else _shape(value)
    if "@" in value:
        value = _EMAIL.sub(lambda match: _shape(match[0]), value)
    return _PHONE.sub(lambda match: _shape(match[0]), value)


def key(written: str, names: Collection[str] | None) -> str:
    """A key as text, made of the columns `names`, fit to be shown."""
    return UNNUMBERED if is_secret(names) else text(written, whole=is_personal(names))


def _shape(value: str) -> str:
    first = next((place for place, letter in enumerate(value) if letter.isalnum()), -1)
    return "".join(
        letter if place == first and letter.isalpha() and len(value) > 3 else "•" if letter.isalnum() else letter
        for place, letter in enumerate(value)
    )


def value(original: Any, kind: int, names: Collection[str] | None) -> Any:
    """One evidence value of type `kind` (an oid), made of the columns `names`, fit to be shown."""
    if original is None or isinstance(original, bool):
        return original
    if is_secret(names):
        return _secret(str(original))
    personal = is_personal(names)
    if isinstance(original, str) and (
        kind in _JSON_TYPES or (kind not in PLAIN_TYPES and original.lstrip()[:1] in _OPENERS)
    ):
        return _document(original, whole=kind in _JSON_TYPES or personal, keys=personal)
    if personal:
        return text(str(original), whole=True)
    return text(original, whole=False) if isinstance(original, str) and kind not in PLAIN_TYPES else original


def _secret(value: str) -> str:
    return mark(value) if value.strip() else value


def _document(document: str, *, whole: bool, keys: bool) -> str:
    """JSON text with every text value in it masked, and every value below a key that names a secret or a person;
    the keys too (`keys`) where they may have been made of data.

    A text like a document that does not parse (cut, or no JSON) is masked as one text: as a secret if it may contain
    one.
    """
    try:
        parsed = json.loads(
            document, object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number, parse_constant=_Number
        )
        # half a surrogate pair is no character that could be written down: show its escape
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", _written(parsed, keys=keys))
    except (ValueError, RecursionError):
        if _is_secret_name(document) or "\\u" in document:
            return mark(document)
        return text(document, whole=whole or document.lstrip()[:1] in "{[")


class _Pairs(list[tuple[str, Any]]):
    """An object with its repeated keys."""


class _Number(str):
    """Return a number as its original text."""


def _written(node: Any, *, hidden: bool = False, secret: bool = False, keys: bool) -> str:
    if isinstance(node, _Pairs):
        pairs = (
            f"{json.dumps(text(key, whole=keys), ensure_ascii=False)}: "
            + _written(below, hidden=hidden or _is_personal_name(key), secret=secret or is_secret({key}), keys=keys)
            for key, below in node
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(_written(below, hidden=hidden, secret=secret, keys=keys) for below in node) + "]"
    if isinstance(node, _Number):
        shown = _secret(node) if secret else _shape(node)
        return json.dumps(shown, ensure_ascii=False) if hidden else str(node)
    if isinstance(node, str):
        shown = node if _REFERENCE.fullmatch(node) else _secret(node) if secret else _shape(node)
        return json.dumps(shown, ensure_ascii=False)
    return json.dumps(node)


def passwords(script: str) -> str:
    """A script without the passwords of connections that are written into it, as views on other servers have them."""
    return _PASSWORD.sub(lambda match: match[1] + "••••", script)
