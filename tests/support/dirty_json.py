"""Dirty documents: random JSON with repeated keys, odd escapes, secrets and white space."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.support.dirty_values import EMAILS

# fmt: off
KEY_NAMES = (
    "api-key", "api-key", "Api_Key", "API-KEY", "a-p-i_key", "apikey", "-_apikey_-", "api key", "apikey2",
    "my_api_key_old", "email_address", "email_address", "Email_Address", "token", "TOKENS", "x-secret-y",
    "Password", "PassWd", "pwd", "credentials", "private-key", "PRIVATE_KEY", "privatekey", "private.key",
    "Authorization", "authorisation", "api.key", "url", "", "user", "key", "-", "to ken", "\u00e9",
)
STRINGS = (
    "k-1", "k-1", "k-2", "k-3", "", "", " ", "\u00e9", "\U0001f511", "\ufffd", '"', "\\", "\\u0000",
    "a/b", "\n\t", "secret-ref:crm/customer_1.key-2", "secret-ref:x", "secret-ref:", "secret-ref:a b",
    "secret-ref:\u00e9", "Secret-Ref:x", " secret-ref:x", "secret-ref:x\n", "secret-ref:x ",
    "secret-refs:x", "secret-ref:a:b",
)
#: Pieces of JSON strings, as they stand in the text: escapes good and bad.
ESCAPES = (
    r"\u0000", r"\\u0000", r"\\\u0000", r"\\\\u0000", r"\\\\\u0000", r"\u00000", r"\u0000\u0000",
    r"\"\u0000\"", r"\ud800", r"\uDFFF", r"\uDbfF", r"\udc00", r"\ud83d\ude00", r"\uD83D\uDE00",
    r"\ud83D\uDe00", r"\\ud800", r"\ud83d\ud83d\ude00", r"\ude00\ude00", r"\ud83d\ude00\ude00",
    r"\ude00\ud83d", r"\ud83dx\ude00", r"\ud83d\u0041", r"\ud83d\\ude00", r"\\ud83d\ude00",
    r"\ud83d\n\ude00", r"\ud83d\u0000", r"\ud83dude00", r"\ufffd", "\ufffd", r"\u0001", r"\u00E9", r"\/",
    r"\b\f\n\r\t", r"\ud7ff\ue000", r"\\\ud800", r"u0000",
)
NUMBERS = (
    "0", "-0", "1", "-1.5E-3", "1e400000", "1e-400000", "12345678901234567890123456789012345678", "1E+2",
)
DOCUMENTS = (
    "null", " null ", "true", "false", '"text"', '""', "[]", "{}", "[null]", " { } ", "[{}]", "1e400000",
    '{"":""}', '{"a":1,"a":2}', r'{"a":1,"\u0061":2}', r'{"\u0000":1,"\ud800":2}',
    r'{"\u0000":1,"\ufffd":2}', r'{"\\u0000":1,"\u0000":2}', r'{"a":{"b":1,"b":2}}', '[{"a":1,"a":2}]',
    '{"A":1,"a":2}', '{"a":1,"a ":2}', '{"api-key":"k-1","api-key":""}', '{"api-key":"","api-key":"k-1"}',
    '{"api-key":"k-1","api-key":7}', '{"api-key":"k-1","API_KEY":""}', '{"api-key":["k-1"]}',
    '{"a":{"api-key":"k-1"}}', '[{"api-key":"k-1"}]', r'{"api\u002dkey":"k-1"}',
    r'{"\u0061pikey":"k\u002D1"}', r'{"api-key":"\u0000"}', r'{"api-key":"\ud800"}',
    r'{"api-key":"\ufffd"}', r'{"apikey\u0000":"k-1"}', r'{"api-key":"k-1","x":"\udc00"}',
    '{"api-key":"\ufffd"}', '{"token":"x","token":"secret-ref:x"}', '{"token":{"a":"x"}}',
    '{"token":["x"]}', '{"a":["token","x"]}', '{"token":{"a":[{"b":{"pwd":"x"}}]},"token":1}',
    r'{"\u0054oken":"x"}', r'{"token":"secret\u002dref:x"}', '{"email_address":"ann@example.com"}',
    r'{"email\u005faddress":"ann\u0040example.com"}', '{"email_address":7}',
    '{"email_address":"ann@example.com","email_address":"x"}',
    '{"email_address":"x","email_address":"a@b.cd"}', '{"email_address":["a@b.cd"]}', '["a@b.cd"]',
    '"a@b.cd"', '{"email_address":null}', '{"Email_Address":"a@b.cd"}',
    r'{"email_address":"ann@example.com","x":"\u0000"}', r'{"email_address":"ann\u0000@example.com"}',
    "[" * 150 + "]" * 150, '{"a":' * 60 + '{"token":"x"}' + "}" * 60, '[{"a":' * 40 + '"x"' + "}]" * 40,
)
JSON_SPACES = ("", "", "", "", " ", "\n", "\t", "\r\n  ")
# fmt: on


def random_args(rng: random.Random) -> str | None:
    """A JSON text, or NULL."""
    kind = rng.random()
    if kind < 0.12:
        return None
    if kind < 0.37:
        return rng.choice(DOCUMENTS)
    if kind < 0.47:
        return random_object(rng, [("email_address", literal(rng, rng.choice(EMAILS[:12])))])
    if kind < 0.57:
        return random_object(rng, [(rng.choice(KEY_NAMES[:7]), literal(rng, rng.choice(STRINGS[:4])))])
    return spaced(rng, random_value(rng, 4 if kind < 0.95 else 9, rng.choice((random_object, random_array))))


def random_value(rng: random.Random, depth: int, make: Callable[..., str] | None = None) -> str:
    """A JSON value, nested no deeper than `depth`; a container where `make` makes one."""
    if make is None:
        kind = rng.random()
        if depth <= 0 or kind < 0.6:
            return random_scalar(rng)
        make = random_object if kind < 0.85 else random_array
    return make(rng, (), depth)


def random_scalar(rng: random.Random) -> str:
    """A string, or sometimes something else."""
    kind = rng.random()
    if kind < 0.06:
        return rng.choice(NUMBERS)
    if kind < 0.2:
        return rng.choice(("0", "1", "-7.25", "true", "false", "null", '""', "[]", "{}"))
    return literal(rng, rng.choice(EMAILS if kind < 0.3 else STRINGS))


def random_object(rng: random.Random, pairs: Sequence[tuple[str, str]] = (), depth: int = 1) -> str:
    """An object with these pairs and others, some keys more than once, in the spacing of many hands."""
    members = [(literal(rng, name), value) for name, value in pairs]
    members += [
        (literal(rng, rng.choice(KEY_NAMES)), random_value(rng, depth - 1)) for _ in range(rng.choice((0, 1, 1, 2, 3)))
    ]
    if members and rng.random() < 0.15:
        members.append((rng.choice(members)[0], random_value(rng, depth - 1)))
    rng.shuffle(members)
    return "{" + ",".join(f"{spaced(rng, name)}:{spaced(rng, value)}" for name, value in members) + "}"


def random_array(rng: random.Random, pairs: Sequence[tuple[str, str]] = (), depth: int = 1) -> str:
    """An array of this and that."""
    values = [value for _, value in pairs]
    values += [random_value(rng, depth - 1) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    return "[" + ",".join(spaced(rng, value) for value in values) + "]"


def spaced(rng: random.Random, token: str) -> str:
    """A token with JSON's white space around it."""
    return rng.choice(JSON_SPACES) + token + rng.choice(JSON_SPACES)


def literal(rng: random.Random, text: str) -> str:
    """A JSON string, some characters escaped that need not be; at times with a piece of trouble in it."""
    escaping = rng.choice((0.0, 0.0, 0.0, 0.1, 1.0))
    pieces = [escaped(rng, char, escaping) for char in text]
    if rng.random() < 0.05:
        pieces.insert(rng.randint(0, len(pieces)), rng.choice(ESCAPES))
    return '"' + "".join(pieces) + '"'


def escaped(rng: random.Random, char: str, escaping: float) -> str:
    """A character as it stands in a JSON string."""
    if char in '"\\':
        return "\\" + char
    if char >= " " and rng.random() >= escaping:
        return char
    units = char.encode("utf-16-be").hex(" ", 2).split()
    return "".join("\\u" + (unit.upper() if rng.random() < 0.5 else unit) for unit in units)
