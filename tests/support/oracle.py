"""A second, independent computation of every row rule, in plain Python.

`read` fetches the two tables; `tests.rules` has the rules, and `judge` there names the keys that violate each. Nothing
here is shared with the SQL that is shipped: where the two disagree on a database, one of them is wrong.

The rules are predicates on one row, registered under their own name: `lineage_is_acyclic` judges
`lineage.is_acyclic`. A rule that pairs a row with others is violated when any pairing violates it, so tables
without a primary key are judged too.

The functions lean on Python where it agrees with PostgreSQL: `str.lower` (equal for ASCII and for plain
one-to-one letters), `unicodedata` for normalisation, and `json` once bad escapes are mended. `json` nests as
deep as the interpreter's recursion limit; PostgreSQL's type goes deeper.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from functools import cache, cached_property
from typing import Any, TypeGuard, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row

Key = int | Decimal
Number = float | Decimal


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One row of `customers`; the balance is the column's text."""

    customer_id: Key | None
    customer_name: str | None
    customer_email: str | None
    customer_contact_name: str | None
    customer_phone: str | None
    address: str | None
    address_state: str | None
    customer_balance: str | None

    @property
    def texts(self) -> list[str]:
        """Every text of the row that is not NULL."""
        return [text for text in (*self.required_texts, self.customer_phone) if text is not None]

    @property
    def required_texts(self) -> tuple[str | None, ...]:
        """The texts that no customer may go without."""
        return (
            self.customer_name,
            self.customer_email,
            self.customer_contact_name,
            self.address,
            self.address_state,
        )


@dataclass(frozen=True, kw_only=True)
class Order:
    """One row of `orders`; schedule and arguments are the columns' text."""

    order_id: Key | None
    order_ref: Key | None
    customer_id: Key | None
    order_schedule: str | None
    delivery_script_name: str | None
    delivery_script_args: str | None
    order_amount: Key | None
    order_status: str | None

    @property
    def is_live(self) -> bool:
        """Whether the order may still deliver."""
        return self.order_status in LIVE

    @property
    def is_root(self) -> bool:
        """Whether the order is its own ancestor."""
        return self.order_ref is not None and self.order_ref == self.order_id

    @property
    def is_recreation(self) -> bool:
        """Whether the order has another order for an ancestor."""
        return self.order_ref is not None and self.order_id is not None and self.order_ref != self.order_id

    @property
    def lacks_script(self) -> bool:
        """Whether no delivery script is named."""
        return self.delivery_script_name is None or is_blank(self.delivery_script_name)


@dataclass(frozen=True)
class Tables:
    """All rows of both tables, and how the balances compare."""

    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    float_balances: bool = True


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


LIVE = {"pending", "active", "paused"}
STATUSES = LIVE | {"recreated", "cancelled", "expired"}
WHITE_SPACE = " \t\n\r\f\v"
FLOAT8, NUMERIC, INTEGERS = 701, 1700, {20, 21, 23}

STATES = words(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND"
    " OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP"
)
PLACEHOLDERS = words("n/a na none null nil test testing unknown tbd todo placeholder xxx - . ?")

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_{{|}}~\x60-]+@{LABEL}(?:\.{LABEL})+")
PHONE = re.compile(r"\+[0-9]{8,15}|[0-9]{10}|1[0-9]{10}")
SCRIPT_NAME = re.compile(r"[a-z][a-z0-9_]*")
UNCLEAN = re.compile("[\x01-\x1f\x7f-\x9f\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]")
SECRET_NAMES = words(
    "api-key api_key apikey secret token password passwd pwd credential private-key private_key privatekey"
    " authorization"
)
SECRET_REFERENCE = re.compile(r"secret-ref:[A-Za-z0-9_./-]+")


# Reading ------------------------------------------------------------------------------------------


def read(conn: psycopg.Connection[Any], schema: str | None = None) -> Tables:
    """All rows of `customers` and `orders`, from `schema` or from the search path.

    Sets `extra_float_digits` for the session, so that a float's text is its shortest exact form.
    """
    customers, orders = (sql.Identifier(*filter(None, (schema, table))) for table in ("customers", "orders"))
    conn.execute("set extra_float_digits = 1")
    probe = conn.execute(sql.SQL("select customer_balance from {} limit 0").format(customers))
    assert probe.description is not None
    balance_type = probe.description[0].type_code
    if balance_type not in {FLOAT8, NUMERIC, *INTEGERS}:
        raise TypeError(f"balances of type {balance_type} are not understood")
    customer_rows = conn.cursor(row_factory=class_row(Customer)).execute(
        sql.SQL(
            "select customer_id, customer_name::text, customer_email::text, customer_contact_name::text,"
            " customer_phone::text, address::text, address_state::text, customer_balance::text from {}"
        ).format(customers)
    )
    order_rows = conn.cursor(row_factory=class_row(Order)).execute(
        sql.SQL(
            "select order_id, order_ref, customer_id, order_schedule::text, delivery_script_name::text,"
            " delivery_script_args::text, order_amount, order_status::text from {}"
        ).format(orders)
    )
    return Tables(tuple(customer_rows), tuple(order_rows), float_balances=balance_type == FLOAT8)


# Texts, numbers, JSON -----------------------------------------------------------------------------


def is_blank(text: str) -> bool:
    """Whether a text is empty once white space is trimmed."""
    return not text.strip(WHITE_SPACE)


def fold(text: str) -> str:
    """A text in lower case, trimmed, its runs of white space made one space."""
    return re.sub(f"[{WHITE_SPACE}]+", " ", text.lower()).strip(" ")


def rank(number: Number) -> tuple[bool, Number]:
    """A key that sorts as PostgreSQL does: NaN equals itself and stands above every number."""
    return (True, 0.0) if number != number else (False, number)


EXACT = Context(prec=150_000, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)


def cents(number: Decimal) -> Decimal:
    """PostgreSQL's `round(number, 2)`: halves go away from zero."""
    return number.quantize(Decimal("0.01"), context=EXACT)


ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a surrogate pair
    r"|\\u(?P<code>[0-9a-fA-F]{4})"
    r"|\\."  # any other escape, an escaped backslash among them
)


def is_bad(escape: re.Match[str]) -> bool:
    """Whether an escape stands for no character: NUL, or half a surrogate pair."""
    code = escape["code"]
    return code is not None and (int(code, 16) == 0 or 0xD800 <= int(code, 16) <= 0xDFFF)


def has_bad_escape(document: str) -> bool:
    """Whether a JSON text holds an escape that `jsonb` refuses."""
    return any(is_bad(escape) for escape in ESCAPE.finditer(document))


def mend(document: str) -> str:
    """A JSON text with U+FFFD for each bad escape."""
    return ESCAPE.sub(lambda escape: "\ufffd" if is_bad(escape) else escape[0], document)


class Pairs(tuple[tuple[str, object], ...]):
    """A JSON object, all its pairs kept in their order."""

    def get(self, name: str) -> object:
        """The operative value of a key: its last one."""
        return dict(self).get(name)


class Figure:
    """A JSON number; no rule asks which."""


@cache
def parse(document: str | None) -> object:
    """A JSON text's value, judged as if each bad escape were U+FFFD; None for SQL NULL as for JSON null."""
    if document is None:
        return None

    def figure(_: str) -> Figure:
        return Figure()

    return json.loads(mend(document), object_pairs_hook=Pairs, parse_int=figure, parse_float=figure)


def pairs_within(value: object) -> Iterator[tuple[str, object]]:
    """All key-value pairs at any depth, every occurrence of a repeated key included."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, Pairs):
            yield from value
            pending.extend(inner for _, inner in value)
        elif isinstance(value, list):
            pending.extend(value)


def is_email(value: object) -> bool:
    """Whether a value is an HTML5 e-mail address with a dot in its domain."""
    return isinstance(value, str) and EMAIL.fullmatch(value) is not None


def api_keys(order: Order) -> set[str]:
    """The non-empty strings under the top-level keys that read `apikey`."""
    args = parse(order.delivery_script_args)
    if not isinstance(args, Pairs):
        return set()
    return {
        value
        for name, value in dict(args).items()
        if name.lower().replace("-", "").replace("_", "") == "apikey" and isinstance(value, str) and value
    }


# What the rules look up ---------------------------------------------------------------------------

Row = TypeVar("Row")
By = TypeVar("By")


def grouped(rows: Iterable[Row], by: Callable[[Row], By | None]) -> dict[By, list[Row]]:
    """The rows under what `by` says of each; rows of which it says None are left out."""
    groups: dict[By, list[Row]] = defaultdict(list)
    for row in rows:
        if (name := by(row)) is not None:
            groups[name].append(row)
    return dict(groups)


def explore(start: Key, edges: dict[Key, set[Key]], seen: set[Key]) -> list[Key]:
    """The nodes that `start` leads to and `seen` lacks, each after all it leads to; `seen` gains them."""
    if start in seen:
        return []
    seen.add(start)
    finished = []
    path = [(start, iter(edges.get(start, ())))]
    while path:
        node, ends = path[-1]
        for end in ends:
            if end not in seen:
                seen.add(end)
                path.append((end, iter(edges.get(end, ()))))
                break
        else:
            finished.append(node)
            path.pop()
    return finished


def components(edges: Iterable[tuple[Key, Key]]) -> dict[Key, int]:
    """The number of each node's strongly connected component (Kosaraju): equal if each leads to the other."""
    ahead: dict[Key, set[Key]] = defaultdict(set)
    back: dict[Key, set[Key]] = defaultdict(set)
    for start, end in edges:
        ahead[start].add(end)
        back[end].add(start)
    seen: set[Key] = set()
    finished = [node for start in list(ahead) for node in explore(start, ahead, seen)]
    placed: set[Key] = set()
    found = [explore(start, back, placed) for start in reversed(finished)]
    return {node: number for number, component in enumerate(found) for node in component}


def wish(order: Order) -> tuple[object, ...]:
    """What two orders for the same thing have in common."""
    return (
        order.customer_id,
        order.order_schedule,
        order.delivery_script_name,
        order.delivery_script_args,
        order.order_amount,
    )


def identity(customer: Customer) -> tuple[str, ...] | None:
    """What two rows for the same customer have in common, where all of it is there."""
    parts = [fold(text) for text in (customer.customer_name, customer.address, customer.address_state) if text]
    return tuple(parts) if len(parts) == 3 and all(parts) else None


def login(customer: Customer) -> str | None:
    """The canonical e-mail address, unless there is none."""
    email = customer.customer_email
    return None if email is None or is_blank(email) else canonical(email)


def canonical(email: str) -> str:
    """PostgreSQL's `lower(btrim(email))`; `btrim` trims spaces only."""
    return email.strip(" ").lower()


class Ledger:
    """Both tables, indexed for the rules."""

    def __init__(self, tables: Tables) -> None:
        """Index the rows."""
        live = [order for order in tables.orders if order.is_live]
        self.tables = tables
        self._customers = grouped(tables.customers, lambda customer: customer.customer_id)
        self._orders = grouped(tables.orders, lambda order: order.order_id)
        self._lineages = grouped(tables.orders, lambda order: order.order_ref)
        self._live = grouped(live, lambda order: order.customer_id)
        self._twins = grouped(live, wish)
        self._logins = grouped(tables.customers, login)
        self._identities = grouped(tables.customers, identity)

    def customers_of(self, order: Order) -> list[Customer]:
        """The order's customer; several where ids repeat."""
        return [] if order.customer_id is None else self._customers.get(order.customer_id, [])

    def ancestors(self, order: Order) -> list[Order]:
        """The order's ancestor; several where ids repeat."""
        return [] if order.order_ref is None else self._orders.get(order.order_ref, [])

    def successors(self, order: Order) -> list[Order]:
        """The orders of the same lineage with a greater id."""
        lineage = [] if order.order_ref is None else self._lineages[order.order_ref]
        return [other for other in lineage if is_less(order.order_id, other.order_id)]

    def live_orders(self, customer: Customer) -> list[Order]:
        """The customer's live orders."""
        return [] if customer.customer_id is None else self._live.get(customer.customer_id, [])

    def earlier_twins(self, order: Order) -> list[Order]:
        """The live orders for the same thing, with a smaller id."""
        twins = self._twins.get(wish(order), [])
        return [twin for twin in twins if is_less(twin.order_id, order.order_id)]

    def shares_login(self, customer: Customer) -> bool:
        """Whether an earlier customer has the same e-mail address."""
        return is_preceded(customer, self._logins.get(login(customer) or "", []))

    def shares_identity(self, customer: Customer) -> bool:
        """Whether an earlier customer has the same name, address and state."""
        return is_preceded(customer, self._identities.get(identity(customer) or (), []))

    @cached_property
    def _components(self) -> dict[Key, int]:
        """The orders that lead to each other by `order_ref` have one number."""
        return components(
            (order.order_id, order.order_ref)
            for order in self.tables.orders
            if order.order_id is not None and order.order_ref is not None
        )

    @cached_property
    def on_cycle(self) -> set[Key]:
        """The ids of the orders with a reference to another order that leads back to them.

        Verdicts are by id, so it is an id that lies on a cycle, with all its rows where ids repeat: no id is
        reported for a cycle and for its ancestor both.
        """
        return {
            order.order_id
            for order in self.tables.orders
            if order.order_id is not None
            and order.order_ref is not None
            and order.is_recreation
            and self._components[order.order_id] == self._components[order.order_ref]
        }

    @cached_property
    def api_key_holders(self) -> dict[str, set[Key]]:
        """The customers that hold each API key."""
        holders: dict[str, set[Key]] = defaultdict(set)
        for order in self.tables.orders:
            for api_key in api_keys(order):
                if order.customer_id is not None:
                    holders[api_key].add(order.customer_id)
        return holders

    def exceeds(self, balance: str, amount: Key) -> bool:
        """Whether `balance > amount`, as PostgreSQL compares the two types; NaN is greater than all else."""
        if self.tables.float_balances:
            return rank(float(balance)) > rank(float(amount))
        return rank(Decimal(balance)) > rank(Decimal(amount))

    def is_uncovered(self, order: Order) -> bool:
        """Whether the order's customer exists and has no balance that covers its amount."""
        amount = order.order_amount
        return amount is not None and any(
            not (is_number(customer.customer_balance) and self.exceeds(customer.customer_balance, amount))
            for customer in self.customers_of(order)
        )


def is_less(one: Key | None, other: Key | None) -> bool:
    """Whether one id is smaller than another; NULL is neither smaller nor greater."""
    return one is not None and other is not None and one < other


def is_preceded(customer: Customer, others: Iterable[Customer]) -> bool:
    """Whether any of the other customers has a smaller id."""
    return any(is_less(other.customer_id, customer.customer_id) for other in others)


def is_number(balance: str | None) -> TypeGuard[str]:
    """Whether a balance is there and is not NaN."""
    return balance is not None and not Decimal(balance).is_nan()


def is_finite(balance: str | None) -> TypeGuard[str]:
    """Whether a balance is there and is neither NaN nor infinite."""
    return balance is not None and Decimal(balance).is_finite()


# The rules ----------------------------------------------------------------------------------------

OrderRule = Callable[[Order, Ledger], bool]
CustomerRule = Callable[[Customer, Ledger], bool]
ORDER_RULES: dict[str, OrderRule] = {}
CUSTOMER_RULES: dict[str, CustomerRule] = {}


def of_orders(rule: OrderRule) -> OrderRule:
    """Register a rule on orders."""
    ORDER_RULES[rule.__name__.replace("_", ".", 1)] = rule
    return rule


def of_customers(rule: CustomerRule) -> CustomerRule:
    """Register a rule on customers."""
    CUSTOMER_RULES[rule.__name__.replace("_", ".", 1)] = rule
    return rule


def known(keys: Iterable[Key | None]) -> set[Key]:
    """The keys that are not NULL."""
    return {key for key in keys if key is not None}
