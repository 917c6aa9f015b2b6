"""Dirty rows: random customers and orders that break every rule often. `dirty_tables` has tables that hold them.

`random_rows` draws from small ranges and from pools of known trouble (`dirty_values`, `dirty_json`), so that references
collide and rules are broken, nearly broken and kept side by side.
"""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from tests.support.dirty_json import random_args
from tests.support.dirty_values import (
    ADDRESSES,
    AMOUNTS,
    BALANCES,
    BLANKS,
    CONTACTS,
    DRIFTING,
    EMAILS,
    NAMES,
    NEAR_PLACEHOLDERS,
    NO_SPACES,
    ODD_AMOUNTS,
    ODD_SCRIPTS,
    ORDER_COLUMNS,
    PERIODS,
    PHONES,
    PLACEHOLDERS,
    SCRIPTS,
    SPACES,
    STATES,
    STATUSES,
    TEXTS,
    UNKNOWN_STATUSES,
    Row,
    Rows,
    repeated,
)


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
    """Orders with references that make roots, recreations, chains, cycles and orphans."""
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
