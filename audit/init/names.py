"""What the name of a column or table suggests: its words, and which kinds of values they stand for."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

#: Last words of names of columns that identify something.
IDENTIFIERS: Final = {
    "id", "code", "key", "no", "num", "number", "nr", "uuid", "guid", "sku", "ean", "isbn", "iban", "slug", "symbol",
    "iata", "icao", "faa", "ref", "token", "hash", "email", "tailnum", "barcode", "login", "username", "abbr",
    "abbreviation",
}  # fmt: skip
#: Names of keys that say nothing of what they identify.
GENERIC: Final = {"id", "code", "key", "name", "no", "nr", "number", "num", "uuid", "ref", "type", "date", "year"}
#: Words of columns with free text.
FREE_TEXT: Final = {
    "name", "title", "description", "desc", "comment", "comments", "note", "notes", "remark", "remarks", "text", "body",
    "message", "subject", "summary", "url", "uri", "link", "path", "file", "filename", "label", "content", "city",
    "town", "address", "street", "reason", "model",
}  # fmt: skip
#: Words of columns with moments that may lie ahead.
AHEAD: Final = {
    "due", "expires", "expire", "expiry", "expiration", "expected", "end", "ends", "until", "scheduled", "sched",
    "planned", "plan", "next", "valid", "to", "deadline", "renewal", "renews", "forecast", "future", "target",
    "estimated", "eta", "delivery", "start", "starts", "begin", "begins", "from", "release", "event", "appointment",
    "booking", "reservation", "check", "close", "closes", "maturity", "effective",
}  # fmt: skip
#: Words of numbers that may well be negative.
SIGNED: Final = {
    "temp", "temperature", "dewp", "dew", "delta", "diff", "difference", "change", "balance", "delay", "offset", "lat",
    "latitude", "lon", "lng", "long", "longitude", "x", "y", "z", "growth", "profit", "loss", "net", "variance",
    "adjustment", "amount", "gain", "margin", "return", "ret", "trend", "deviation", "score", "coordinate", "tz",
    "elevation", "altitude", "alt", "refund", "debit", "credit", "correlation", "celsius", "fahrenheit", "slope",
    "sign",
}  # fmt: skip


#: First or last words of numbers that are 0 or 1 and nothing else.
FLAGS: Final = {"is", "has", "can", "was", "flag", "active", "enabled", "deleted", "disabled", "archived", "valid"}
#: Words of columns that say when; `yearID` identifies nothing.
TIMES: Final = {"date", "time", "timestamp", "year", "month", "day", "hour", "minute", "week", "quarter", "period"}
#: Last words of numbers that start again at 1: the month of an end is often smaller than that of its start.
CYCLES: Final = {"month", "day", "hour", "minute", "second", "weekday", "week", "quarter"}


def words(name: str) -> list[str]:
    """Return the words of a name in lower case: `playerID` and `player_id` are both `player`, `id`."""
    return [word.lower() for word in _WORDS.findall(name)]


def singular(name: list[str]) -> list[str]:
    """Return the words of a table's name with the last one in the singular."""
    if not name:
        return name
    last = name[-1]
    if last == "people":
        last = "person"
    elif last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("sses", "shes", "ches", "xes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")):
        last = last[:-1]
    return [*name[:-1], last]


def is_identifier(name: str) -> bool:
    """Return whether a name is that of a column that identifies something."""
    found = words(name)
    return (
        bool(found)
        and not TIMES & {*found}
        and (found[-1] in IDENTIFIERS or (len(found[-1]) > 3 and found[-1].endswith("id")))
    )


def slug(name: str) -> str:
    """Return a name for a file or folder: small letters, digits and underscores; empty if the name has none."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return re.sub(r"[^a-z0-9]+", "_", apart).strip("_")[:60]
