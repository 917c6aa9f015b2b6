"""Dirty data: random rows that break every rule often, and tables of several types to hold them.

`random_rows` draws from small ranges and from pools of known trouble, so that references collide and rules
are broken, nearly broken and kept side by side. `create` makes the tables and fills them.

Letters beyond ASCII come in lower case only, or in a form that no other row has in lower case: what `lower()`
makes of them is the database's business.
"""

import random
import string
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import psycopg
from psycopg import sql

Row = dict[str, Any]
Rows = tuple[list[Row], list[Row]]

CUSTOMER_COLUMNS = (
    "customer_id",
    "customer_name",
    "customer_email",
    "customer_contact_name",
    "customer_phone",
    "address",
    "address_state",
    "customer_balance",
)
ORDER_COLUMNS = (
    "order_id",
    "order_ref",
    "customer_id",
    "order_schedule",
    "delivery_script_name",
    "delivery_script_args",
    "order_amount",
    "order_status",
)
NULLABLE = {"customer_phone", "delivery_script_name", "delivery_script_args"}
STATUSES = ("pending", "active", "paused", "cancelled", "expired", "recreated")

# fmt: off
SPACES = (" ", "\t", "\n", "\r", "\f", "\v")
#: What Python, Unicode or a regular expression takes for white space, and the rules do not.
NO_SPACES = ("\u00a0", "\u2003", "\u0085", "\u2028", "\u3000", "\u200b", "\x1c", "\x1f", "\ufeff")
BLANKS = ("", " ", "  ", "\t", "\n", "\r", "\f", "\v", " \t\n\r\f\v", "\u00a0", "\u2003", "\u200b")
PLACEHOLDERS = (
    "n/a", "na", "none", "null", "nil", "test", "testing", "unknown", "tbd", "todo", "placeholder", "xxx",
    "-", ".", "?",
)
NEAR_PLACEHOLDERS = (
    "n / a", "tests", "nullable", "--", "..", "??", "\u00a0none", "n\\a", "x", "xxxx", "to do",
)
TEXTS = (
    "Acme", "Blue  River", "Bob's Leads", 'say "hi"', "100%", "%s %(name)s %%", "{} {0} {name}",
    ":name ::text", "$1 $$ $tag$", "?; drop--", "/* comment */", "back\\slash \\n", "\\N", "\\.",
    "a,b\tc", "<b>bold</b> & <script>alert(1)</script>", "| pipe | `tick` |", "line\nbreak",
    "carriage\r\nreturn", "\u00e9cole", "e\u0301cole", "\u65e5\u672c\u8a9e", "\U0001f680 leads",
    "\U0001f469\u200d\U0001f469", "no\u00a0break", "em\u2003space", "zero\u200bwidth", "word\u2060joiner",
    "plus\u2064invisible", "plain\u2065unassigned", "\u200fright", "\u202eturned", "\u2066isolated\u2069",
    "soft\u00adhyphen", "\ufeffmarked", "lost\ufffd", "object\ufffc", "bell\x07", "delete\x7f",
    "next\u0085line", "\x9fcontrol", "\u00a1exclaimed", "a\u030angstrom", "\u2126 ohm", "\ufb01ligature",
    "\u1112\u1161\u11ab", "\u0929",
)
NAMES = ("Acme", "Bob's Leads", "Blue River", "\u00e9cole nord", "e\u0301cole nord", "100% {leads}", "M")
ADDRESSES = ("1 Main St", "2 Oak Ave", "12 Blue River Road", "<b>3</b> ''")
STATES = (
    "CA", "NY", "TX", "FL", "WA", "DC", "PR", "GU", "AE", "VI", "ca", "Ny", "XX", "UK", "C", "CA ", " CA",
    "CA\n", "CAL", "California", "", " ", "..", "-", "?", "na", "NA", "FM",
)
LABEL_63, LABEL_64 = "a" * 63, "a" * 64
EMAILS = (
    "ann@example.com", "bob@example.com", "first.last+tag@sub.example.co.uk", "o'brien@example.org",
    "`x`@example.com", "ANN@example.com", "Bob@Example.COM", ".dot@example.com", "two..dots@example.com",
    "1@2.3", "{|}~!#$%&*/=?^@x.yz", f"x@{LABEL_63}.com", f"x@{LABEL_64}.com", f"x@example.{LABEL_63}",
    f"x@example.{LABEL_64}", "x@a-b.c--d.e", "x@example.com.", "x@.example.com", "x@example..com",
    "x@-a.com", "x@a-.com", "x@example.-c", "x@localhost", "@example.com", "x@", "@", "x",
    "a b@example.com", "a@b@c.com", "x@example.com\n", "\tann@example.com", "x@a.b c",
    "\u00e9@example.com", "x@ex\u00e4mple.com", "x@example.com,y@example.com", '"q"@example.com',
    "x@[127.0.0.1]", "x@exam_ple.com", "ann@example.com\u00a0", "x\\y@example.com", "x(y)@example.com",
    "mailto:x@example.com", "x@1.1",
)
PHONES = (
    "555-1234", "(212) 555-0100", "212.555.0100", "2125550100", "12125550100", "22125550100",
    "1-212-555-0100", "+1 212 555 0100", "+4915112345678", "+1234567", "+12345678", "+123456789012345",
    "+1234567890123456", "212\t555\t0100", "212\u00a0555\u00a00100", "2125550100\n", "212-555-0100 x5",
    "++4915112345678", "1+2125550100", "", " ", "+", "(+1)2125550100", "212/555/0100",
    "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "\uff12125550100", "n/a", "unknown",
    "212\u2013555\u20130100", "212555010", "21255501000",
)
BALANCES = (
    "343.00000000000006", "343", "342.99999999999994", "343.004", "343.005", "342.995", "342.994",
    "343.01", "0.30000000000000004", "0.3", "12345678901234.56", "99.995", "100.005", "100.00", "100.01",
    "1e-7", "0.005", "NaN", "NaN", "Infinity", "-Infinity", "-0.01", "-343", "-0.005", "0", "-0",
    "5e-324", "-5e-324", "9007199254740993", "2147483647", "2147483647.0000002", "1.7976931348623157e308",
    "1e15", "1e23", "1000", "750", "2500", "10000", "25000", "500000",
)
AMOUNTS = (
    "343", "343", "343", "343", "100", "100", "0", "0", "-1", "-343", "1", "150", "500", "1000", "2147483647",
)
#: Amounts that only some types hold.
ODD_AMOUNTS = (
    "9007199254740993", "9007199254740992", "343.00000000000006", "343.000000000000001", "0.005", "100.00",
)
CONTACTS = ("Ann Lee", "Bob O'Neil", "Zo\u00eb", "Jos\u00e9 da Silva", "Li \u660e")
SCRIPTS = ("email_delivery", "email_delivery", "custom_crm", "custom_crm", "bulk_delivery")
ODD_SCRIPTS = (
    "", " ", "\t", "\v\f", "\u00a0", "Email_Delivery", "email_delivery ", "custom_crm\n", "a", "_a", "1a",
    "a1_", "a-b", "a b", "\u00e9mail", "a\u00e9", "DROP TABLE orders; --",
)
UNKNOWN_STATUSES = ("Active", "active ", " pending", "", "done", "PAUSED", "recreated\n", "expired\u00a0")

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

#: Turns 27 hours: ten off, ten on, sixteen off, ten on, eight off.
DRIFTING = "0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8
PERIODS = (48, 48, 96, 144, 54, 54, 2, 3, 5, 7, 16, 24, 25, 47, 49, 72, 84, 112, 145, 166, 167, 168, 169, 192)


# Rows ---------------------------------------------------------------------------------------------


def random_rows(seed: int, *, customers: int, orders: int, nulls: bool, duplicates: bool) -> Rows:
    """Customers and orders, the same for the same arguments.

    `nulls` puts NULLs into any column but the keys, `duplicates` repeats keys.
    """
    rng = random.Random(seed)
    customer_ids = random_ids(rng, customers, duplicates)
    customer_rows: list[Row] = []
    for customer_id in customer_ids:
        customer_rows.append(random_customer(rng, customer_id, customer_rows))
    order_rows = random_orders(rng, random_ids(rng, orders, duplicates), customer_ids)
    if nulls:
        for row in (*customer_rows, *order_rows):
            lose_values(rng, row)
    return customer_rows, order_rows


def random_ids(rng: random.Random, count: int, duplicates: bool) -> list[int]:
    """Ids from a small range, zero and below included, in no order."""
    span = range(-1, count + count // 8)
    return rng.choices(span, k=count) if duplicates else rng.sample(span, count)


def lose_values(rng: random.Random, row: Row) -> None:
    """Put NULLs into some columns, never into the first: the key."""
    for column in list(row)[1:]:
        if rng.random() < 0.06:
            row[column] = None


def random_customer(rng: random.Random, customer_id: int, earlier: list[Row]) -> Row:
    """A customer, often much like an earlier one."""
    row = {
        "customer_id": customer_id,
        "customer_name": random_text(rng, NAMES),
        "customer_email": random_email(rng),
        "customer_contact_name": random_text(rng, CONTACTS)[:100],
        "customer_phone": None if rng.random() < 0.1 else rng.choice(PHONES),
        "address": random_text(rng, ADDRESSES),
        "address_state": rng.choice(STATES[:10]) if rng.random() < 0.6 else rng.choice(STATES),
        "customer_balance": rng.choice(BALANCES[:8] if rng.random() < 0.15 else BALANCES),
    }
    if earlier and rng.random() < 0.3:
        like = rng.choice(earlier)
        for column in ("customer_name", "address", "address_state"):
            row[column] = vary(rng, like[column])
    if earlier and rng.random() < 0.3:
        row["customer_email"] = vary(rng, rng.choice(earlier)["customer_email"])
    return row


def random_text(rng: random.Random, usual: Sequence[str]) -> str:
    """A text, mostly usual, sometimes troublesome, blank or a placeholder, with anything around it."""
    pool = rng.choices((usual, TEXTS, BLANKS, PLACEHOLDERS, NEAR_PLACEHOLDERS), (70, 15, 3, 4, 3))[0]
    return vary(rng, rng.choice(pool))


def random_email(rng: random.Random) -> str:
    """An e-mail address, or nearly one."""
    if rng.random() < 0.3:
        return f"{rng.choice(string.ascii_lowercase)}{rng.randrange(99)}@example.com"
    return random_text(rng, EMAILS)


def vary(rng: random.Random, text: str) -> str:
    """The same text, or with other capitals, inner white space or something around it."""
    if rng.random() < 0.2:
        text = "".join(ascii_swapped(char) if rng.random() < 0.3 else char for char in text)
    if rng.random() < 0.1:
        text = text.replace(" ", "".join(rng.choices(SPACES, k=2)))
    if rng.random() < 0.03:
        text = text.replace(" ", rng.choice(NO_SPACES))
    if rng.random() < 0.15:
        around = rng.choice((SPACES[:1], SPACES, SPACES, NO_SPACES))
        text = rng.choice(("", *around)) + text + rng.choice(("", *around))
    return text


def ascii_swapped(char: str) -> str:
    """The other case of an ASCII letter."""
    return char.swapcase() if char in string.ascii_letters else char


def random_orders(rng: random.Random, order_ids: list[int], customer_ids: list[int]) -> list[Row]:
    """Orders whose references make roots, recreations, chains, cycles and orphans."""
    roots = rng.sample(order_ids, max(1, len(order_ids) // 6))
    owners = {order_id: random_owner(rng, customer_ids) for order_id in order_ids}
    rows: list[Row] = []
    for order_id in order_ids:
        order_ref = random_ref(rng, order_id, roots, order_ids)
        keeps_owner = order_ref in owners and rng.random() < 0.7
        row = {
            "order_id": order_id,
            "order_ref": order_ref,
            "customer_id": owners[order_ref] if keeps_owner else random_owner(rng, customer_ids),
            "order_schedule": random_schedule(rng),
            "delivery_script_name": random_script(rng),
            "delivery_script_args": random_args(rng),
            "order_amount": Decimal(rng.choice(AMOUNTS if rng.random() < 0.93 else ODD_AMOUNTS)),
            "order_status": rng.choice(STATUSES if rng.random() < 0.93 else UNKNOWN_STATUSES),
        }
        if rows and rng.random() < 0.25:
            like = rng.choice(rows)
            for column in ORDER_COLUMNS[2:7]:
                row[column] = like[column]
            if rng.random() < 0.2:
                column = rng.choice(ORDER_COLUMNS[2:7])
                row[column] = rng.choice(rows)[column]
        rows.append(row)
    for length in (2, 2, 3, 5, rng.randrange(4, 12)):
        link(rng.sample(rows, min(length, len(rows))), closed=True)
    link(rng.sample(rows, min(9, len(rows))), closed=False)
    return rows


def random_owner(rng: random.Random, customer_ids: list[int]) -> int:
    """A customer, seldom one that is not there."""
    return rng.choice(customer_ids) if rng.random() < 0.96 else 10_000 + rng.randrange(3)


def random_ref(rng: random.Random, order_id: int, roots: list[int], order_ids: list[int]) -> int:
    """The order itself, one of few others, any other, a neighbour, or nothing that is there."""
    choices = (order_id, rng.choice(roots), rng.choice(order_ids), order_id + rng.choice((-2, -1, 1, 2)))
    missing = rng.choice((-77, 10_001, 2147483647))
    ref = rng.choices((*choices, missing), (35, 40, 10, 11, 4))[0]
    return order_id if ref in roots and order_id in roots and rng.random() < 0.8 else ref


def random_script(rng: random.Random) -> str | None:
    """A delivery script's name, an odd one, or NULL."""
    kind = rng.random()
    return None if kind < 0.12 else rng.choice(SCRIPTS if kind < 0.7 else ODD_SCRIPTS)


def link(rows: list[Row], *, closed: bool) -> None:
    """Make each order the next one's ancestor, and the last the first's to close the cycle."""
    for ancestor, row in pairwise(rows):
        row["order_ref"] = ancestor["order_id"]
    if closed and rows:
        rows[0]["order_ref"] = rows[-1]["order_id"]


def random_schedule(rng: random.Random) -> str:
    """A bitmap of 336 half-hours, with some period more often than not."""
    kind = rng.random()
    if kind < 0.12:
        return "0" * 336
    if kind < 0.17:
        return "1" * 336
    if kind < 0.27:
        return repeated(DRIFTING)
    if kind < 0.35:
        day, rest = random_bits(rng, 48), random_bits(rng, 48)
        return day * 5 + rest * 2
    if kind < 0.4:
        return random_bits(rng, 336)
    bits = repeated(random_bits(rng, rng.choice(PERIODS) if kind < 0.9 else rng.randrange(2, 170)))
    if rng.random() < 0.15:
        spot = rng.choice((0, 335, rng.randrange(336)))
        bits = bits[:spot] + "10"[int(bits[spot])] + bits[spot + 1 :]
    return bits


def random_bits(rng: random.Random, count: int) -> str:
    """So many bits."""
    return format(rng.getrandbits(count), f"0{count}b")


def repeated(bits: str) -> str:
    """A week of the same."""
    return (bits * 336)[:336]


# JSON ---------------------------------------------------------------------------------------------


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


# Tables -------------------------------------------------------------------------------------------

TYPES: dict[str, tuple[Row, Row]] = {
    "current": (
        {
            "customer_id": "integer",
            "customer_name": "text",
            "customer_email": "text",
            "customer_contact_name": "varchar(100)",
            "customer_phone": "varchar(20)",
            "address": "text",
            "address_state": "text",
            "customer_balance": "float",
        },
        {
            "order_id": "integer",
            "order_ref": "integer",
            "customer_id": "integer",
            "order_schedule": "bit(336)",
            "delivery_script_name": "text",
            "delivery_script_args": "json",
            "order_amount": "integer",
            "order_status": "text",
        },
    ),
    "other": (
        {
            "customer_id": "bigint",
            "customer_name": "varchar(200)",
            "customer_email": "text",
            "customer_contact_name": "text",
            "customer_phone": "text",
            "address": "text",
            "address_state": "char(2)",
            "customer_balance": "numeric",
        },
        {
            "order_id": "bigint",
            "order_ref": "bigint",
            "customer_id": "bigint",
            "order_schedule": "bit(336)",
            "delivery_script_name": "varchar(100)",
            "delivery_script_args": "jsonb",
            "order_amount": "bigint",
            "order_status": "varchar(20)",
        },
    ),
    "mixed": (
        {
            "customer_id": "numeric",
            "customer_name": "varchar",
            "customer_email": "varchar(254)",
            "customer_contact_name": "varchar",
            "customer_phone": "varchar",
            "address": "varchar",
            "address_state": "varchar",
            "customer_balance": "double precision",
        },
        {
            "order_id": "bigint",
            "order_ref": "integer",
            "customer_id": "integer",
            "order_schedule": "bit(336)",
            "delivery_script_name": "varchar",
            "delivery_script_args": "json",
            "order_amount": "numeric",
            "order_status": "varchar",
        },
    ),
}
"""The columns' types: the current schema's, one with every type replaced, and one where nothing matches."""

LARGEST = {"integer": 2**31 - 1, "bigint": 2**63 - 1}


def create(
    conn: psycopg.Connection[Any],
    rows: Rows,
    *,
    types: str = "current",
    constraints: bool,
    schema: str | None = None,
) -> Rows:
    """Create both tables and fill them; return the rows that are in them.

    A row that a type or a constraint refuses is left out; only a state is cut to what `char(2)` holds.
    """
    customer_types, order_types = TYPES[types]
    customers, orders = rows
    customers = [fitted(row, customer_types) for row in customers if holds(row, customer_types)]
    orders = [fitted(row, order_types) for row in orders if holds(row, order_types)]
    if order_types["delivery_script_args"] == "jsonb":
        accepted = jsonb_accepts(conn, {row["delivery_script_args"] for row in orders} - {None})
        orders = [row for row in orders if row["delivery_script_args"] in {None, *accepted}]
    if constraints:
        customers, orders = lawful(customers, orders)
    if schema is not None:
        conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    names = [sql.Identifier(*filter(None, (schema, table))) for table in ("customers", "orders")]
    make_table(conn, names[0], customer_types, "primary key (customer_id)" if constraints else None)
    make_table(conn, names[1], order_types, "primary key (order_id)" if constraints else None)
    if constraints:
        conn.execute(
            sql.SQL(
                "alter table {} add foreign key (customer_id) references {},"
                " add constraint chk_status check (order_status in ({}))"
            ).format(names[1], names[0], sql.SQL(", ").join(STATUSES))
        )
    fill_table(conn, names[0], CUSTOMER_COLUMNS, customers)
    fill_table(conn, names[1], ORDER_COLUMNS, orders)
    return customers, orders


def holds(row: Row, types: Row) -> bool:
    """Whether the integer types hold the row's numbers; no other type of a fixed size is too small."""
    return all(
        abs(value) <= LARGEST[types[column]] and value == int(value)
        for column, value in row.items()
        if value is not None and types[column] in LARGEST
    )


def fitted(row: Row, types: Row) -> Row:
    """The row with its state cut to size, and its whole numbers without a fraction."""
    row = dict(row)
    for column, kind in types.items():
        value = row[column]
        if value is not None and kind in LARGEST:
            row[column] = int(value)
        elif value is not None and kind == "char(2)":
            row[column] = value[:2].rstrip(" ")
    return row


def jsonb_accepts(conn: psycopg.Connection[Any], documents: set[str]) -> set[str]:
    """The JSON texts that convert to `jsonb`, as the server itself decides."""
    conn.execute(
        "create function pg_temp.fits(document text) returns boolean language plpgsql as $$ begin"
        " return document::jsonb is not null; exception when data_exception then return false; end $$"
    )
    accepted = conn.execute(
        "select document from unnest(%s::text[]) as document where pg_temp.fits(document)", (list(documents),)
    ).fetchall()
    conn.execute("drop function pg_temp.fits(text)")
    return {document for (document,) in accepted}


def lawful(customers: list[Row], orders: list[Row]) -> Rows:
    """The rows that the constraints let in: no NULLs, no key twice, known statuses, existing customers."""
    customers = list({row["customer_id"]: row for row in reversed(customers) if is_complete(row)}.values())
    orders = list({row["order_id"]: row for row in reversed(orders) if is_complete(row)}.values())
    known = {row["customer_id"] for row in customers}
    orders = [row for row in orders if row["customer_id"] in known and row["order_status"] in STATUSES]
    return customers, orders


def is_complete(row: Row) -> bool:
    """Whether every column that must have a value has one."""
    return all(value is not None for column, value in row.items() if column not in NULLABLE)


def make_table(conn: psycopg.Connection[Any], name: sql.Identifier, types: Row, key: str | None) -> None:
    """Create a table; with its key come the NOT NULLs."""
    parts: list[sql.Composable] = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column),
            sql.SQL(kind),
            sql.SQL(" not null" if key is not None and column not in NULLABLE else ""),
        )
        for column, kind in types.items()
    ]
    if key is not None:
        parts.append(sql.SQL(key))
    conn.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(parts)))


def fill_table(conn: psycopg.Connection[Any], name: sql.Identifier, columns: Sequence[str], rows: list[Row]) -> None:
    """Copy rows into a table."""
    columns_list = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin").format(name, columns_list)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
