"""A second, independent computation of every row rule, in plain Python.

`oracle_rows.read` fetches the two tables; `tests.rules` has the rules, and `judge` there names the keys that violate
each. Nothing here is shared with the SQL that is shipped: where the two disagree on a database, one of them is wrong.

The rules are predicates on one row, registered under their own name: `lineage_is_acyclic` judges
`lineage.is_acyclic`. A rule that pairs a row with others is violated when any pairing violates it, so tables
without a primary key are judged too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property
from typing import TypeGuard, TypeVar

from tests.support.oracle_rows import Customer, Key, Order, Tables
from tests.support.oracle_values import Pairs, fold, is_blank, parse, rank


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
    """The common values of duplicate orders."""
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
    """The canonical e-mail address, or None."""
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
    def _campaigns(self) -> dict[Key, int]:
        """The ancestors of orders that references connect, in either direction, have one number.

        Rows that share an id are one order only where another order names it.
        """
        edges = []
        for order in self.tables.orders:
            if order.order_ref is not None:
                named = order.order_id if order.order_id in self._lineages else None
                end = order.order_ref if named is None else named
                edges += [(order.order_ref, end), (end, order.order_ref)]
        return components(edges)

    @cached_property
    def _last_orders(self) -> dict[int, Key]:
        """The greatest id of the orders with a reference, by campaign."""
        last: dict[int, Key] = {}
        for order in self.tables.orders:
            if order.order_id is not None and order.order_ref is not None:
                campaign = self._campaigns[order.order_ref]
                last[campaign] = max(order.order_id, last.get(campaign, order.order_id))
        return last

    def has_successor(self, order: Order) -> bool:
        """Whether a later order, with a reference, is connected with it by references."""
        if order.order_id is None or order.order_ref is None:
            return False
        return order.order_id < self._last_orders[self._campaigns[order.order_ref]]

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
