"""The name of a relation in a rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class RelationName:
    """A relation as a rule writes it: `schema` is empty where the search path decides."""

    schema: str
    relation: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.relation}" if self.schema else self.relation
