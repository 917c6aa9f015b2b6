"""What the columns of views are made of: their names in tables, through any number of views."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis.query_facts import Lineage
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.analysis.statement_lineage import statement_lineage
from order_audit.audit.database import catalog
from order_audit.audit.database.catalog import Relation


class ViewLineage:
    """The lineage of columns of relations, read from the catalog as far as it is asked for.

    `loose` also follows the arguments of the server's functions, for values of types that hold no text.
    """

    def __init__(
        self, connection: psycopg.Connection, known: Iterable[tuple[RelationName, Relation]] = (), *, loose: bool
    ) -> None:
        self._connection = connection
        self._relations: dict[RelationName, Relation | None] = dict(known)
        self._views: dict[int, Lineage] = {}
        self.is_loose = loose

    def __call__(self, name: RelationName, column: str) -> frozenset[str] | None:
        """Return the names of the columns that a relation's column is made of; None where unknown."""
        if name not in self._relations:
            self._relations[name] = catalog.relations(self._connection, [name]).get(name)
        relation = self._relations[name]
        return None if relation is None else self.of(relation, column)

    def of(self, relation: Relation, column: str) -> frozenset[str] | None:
        """The same for a relation that is known."""
        if column not in relation.columns or column in relation.documents:
            return None
        if not relation.is_view:
            return frozenset((column,))
        if relation.oid not in self._views:
            self._views[relation.oid] = {}  # one that reads itself, by a rule of the server, has no lineage
            self._views[relation.oid] = self._view(relation)
        made_of = self._views[relation.oid].get(column)
        # a text of the view's own may be a person's
        return made_of | {column} if made_of else None

    def _view(self, relation: Relation) -> Lineage:
        lineage = statement_lineage(relation.definition, self, loose=self.is_loose)
        # a view may give its columns other names than its query does
        by_place = list(lineage.values())
        return dict(zip(relation.columns, by_place, strict=True)) if len(by_place) == len(relation.columns) else {}


def names_of(name: str, kind: int, exact: frozenset[str] | None, loose: frozenset[str] | None) -> frozenset[str] | None:
    """Return the names that decide whether a column's values of type `kind` (an oid) are masked; None: all are.

    `exact` and `loose` are its lineage. Numbers of unknown origin go by the column's own name, and so do secrets.
    """
    if exact is not None:
        return exact | {name}
    if loose is not None and mask.is_plain(kind):
        return loose | {name}
    return frozenset((name,)) if kind in catalog.NUMBERS or mask.is_secret({name}) else None
