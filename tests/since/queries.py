"""Random queries over the small database: what a user may write, and what the analysis must read as the server does."""

from __future__ import annotations

import random
from typing import Final, TypeAlias

Columns: TypeAlias = dict[str, str]
#: Parts of FROM by name, with the types of their columns, from the outermost select to the innermost.
Scopes: TypeAlias = list[dict[str, Columns]]

TABLES: Final[dict[str, Columns]] = {
    "person": {"id": "int", "city_id": "int", "boss_id": "int", "tag": "text", "score": "num"},
    "item": {"a": "int", "b": "int", "person_id": "int", "kind": "text"},
    "city": {"id": "int", "name": "text", "region": "text", "country": "text"},
    "country": {"code": "text", "region": "text"},
    "part": {"id": "int", "person_id": "int", "val": "num"},
}
_AGGREGATES: Final = {"int": ("count(*)::int", "max({})", "count(distinct {})::int"), "num": ("sum({})", "min({})")}


class Queries:
    """Random queries, each with a column `key`."""

    def __init__(self, seed: int) -> None:
        self._at = random.Random(seed)
        self._number = 0
        self._with: dict[str, Columns] = {}

    def query(self) -> str:
        """Return a query; the server may refuse it, as when a name is ambiguous."""
        self._number, self._with, withs = 0, {}, []
        for name in self._at.sample(["v", "w", "person", "item"], self._at.choice([0, 0, 0, 1, 2])):
            query, columns = self._select([], 1)
            withs.append(f"{name} as {self._at.choice(['', 'materialized ', 'not materialized '])}({query})")
            self._with[name] = columns
        text = self._select([], 0, key=True)[0]
        if self._maybe(0.1) and not withs:
            word = self._at.choice(["union", "union all", "except", "intersect"])
            text = f"select l.key from ({text}) as l {word} select r.key from ({self._select([], 0, key=True)[0]}) as r"
        with_list = f"with {', '.join(withs)} " if withs else ""
        return f"select q.key from ({with_list}{text}) as q where q.key is not null"

    def _maybe(self, share: float) -> bool:
        return self._at.random() < share

    def _alias(self) -> str:
        self._number += 1
        return self._at.choice(["person", "city", "x"]) if self._maybe(0.1) else f"t{self._number}"

    def _column(self, scopes: Scopes, kind: str | None = None, *, here: bool = False) -> str:
        """Return a column of the innermost select, or of one around it; NULL if there is none."""
        inner = here or len(scopes) < 2 or self._maybe(0.6)
        among = scopes[-1:] if inner else scopes[:-1]
        found = [
            (alias, name)
            for scope in among
            for alias, columns in scope.items()
            for name, type_ in columns.items()
            if kind in (None, type_)
        ]
        if not found:
            return {"int": "null::int", "text": "null::text", "num": "null::numeric"}[kind or "int"]
        alias, name = self._at.choice(found)
        return name if self._maybe(0.1) else f"{alias}.{name}"

    def _value(self, scopes: Scopes, kind: str, depth: int) -> str:
        if self._maybe(0.15):
            constants = {"int": str(self._at.randint(1, 30)), "text": "'t1'", "num": str(self._at.randint(0, 90))}
            return constants[kind]
        if kind != "text" and depth < 2 and self._maybe(0.05):
            return self._scalar(scopes, kind, depth)
        column = self._column(scopes, kind)
        forms = {
            "int": ["coalesce({}, 3)", "{} % 5", "nullif({}, 3)", "case when {0} > 5 then {0} else 1 end"],
            "text": ["lower({})", "coalesce({}, 'n')", "{} || 'a'"],
            "num": ["{} + 1"],
        }
        return self._at.choice(forms[kind]).format(column) if self._maybe(0.25) else column

    def _scalar(self, scopes: Scopes, kind: str, depth: int) -> str:
        source, inner = self._from(scopes, depth + 1)
        value = self._at.choice(_AGGREGATES[kind]).format(self._column([inner], kind))
        if self._maybe(0.2):
            value = self._column([inner], kind)
            return f"(select {value} from {source}{self._where([*scopes, inner], depth + 1)} order by 1 limit 1)"
        return f"(select {value} from {source}{self._where([*scopes, inner], depth + 1)})"

    def _equality(self, scopes: Scopes) -> str:
        kind = self._at.choice(["int", "int", "text"])
        one, other = self._column(scopes, kind, here=True), self._column(scopes[:-1] or scopes, kind)
        if self._maybe(0.1) and kind == "text":
            one, other = f"lower({one})", f"lower({other})"
        elif self._maybe(0.1) and kind == "int":
            one, other = f"coalesce({one}, 3)", f"coalesce({other}, 3)"
        return f"{one} = {other}" if self._maybe(0.5) else f"{other} = {one}"

    def _comparison(self, scopes: Scopes, depth: int = 2) -> str:
        kind = self._at.choice(["int", "num", "text"])
        operator = self._at.choice(["=", "=", "<", "<>", "is distinct from", "is not distinct from"])
        return f"{self._value(scopes, kind, depth)} {operator} {self._value(scopes, kind, depth)}"

    def _condition(self, scopes: Scopes, depth: int) -> str:
        what = self._at.random()
        if what < 0.1:
            return f"{self._column(scopes)} is {self._at.choice(['', 'not '])}null"
        if what < 0.2:
            return f"({self._condition(scopes, depth)} or {self._condition(scopes, depth)})"
        if what < 0.27:
            return f"{self._at.choice(['not ({})', '({}) is not true'])}".format(self._condition(scopes, depth))
        if depth < 2 and what < 0.5:
            source, inner = self._from(scopes, depth + 1)
            group = f" group by {self._column([inner])} having count(*) > 1" if self._maybe(0.15) else ""
            where = self._where([*scopes, inner], depth + 1)
            return f"{self._at.choice(['', 'not '])}exists (select from {source}{where}{group})"
        if depth < 2 and what < 0.65:
            kind = self._at.choice(["int", "text"])
            word = self._at.choice(["in", "in", "in", "not in", "= any"])
            return f"{self._value(scopes, kind, 2)} {word} ({self._list(scopes, kind, depth)})"
        if depth < 2 and what < 0.7:
            return f"{self._scalar(scopes, 'num', depth)} > {self._value(scopes, 'num', 2)}"
        return self._comparison(scopes, depth)

    def _list(self, scopes: Scopes, kind: str, depth: int) -> str:
        source, inner = self._from(scopes, depth + 1)
        where = self._where([*scopes, inner], depth + 1) if self._maybe(0.7) else ""
        query = f"select {self._at.choice(['', 'distinct '])}{self._column([inner], kind)} from {source}{where}"
        if self._maybe(0.1):
            return f"({query} order by 1) limit 2"
        if self._maybe(0.1):
            return f"{query} {self._at.choice(['union', 'except'])} {self._list(scopes, kind, 2)}"
        return query

    def _where(self, scopes: Scopes, depth: int) -> str:
        parts = [self._equality(scopes)] if len(scopes) > 1 and self._maybe(0.9) else []
        parts += [self._condition(scopes, depth) for _ in range(self._at.choice([0, 1, 1, 2]))]
        self._at.shuffle(parts)
        return f" where {' and '.join(parts)}" if parts else ""

    def _member(self, scopes: Scopes, before: dict[str, Columns], depth: int) -> tuple[str, str, Columns]:
        alias = self._alias()
        if self._with and self._maybe(0.4):
            name = self._at.choice(list(self._with))
            return f"{name} as {alias}", alias, self._with[name]
        if depth < 2 and self._maybe(0.25):
            lateral = bool(before) and self._maybe(0.5)
            query, columns = self._select([*scopes, before] if lateral else scopes, depth + 1)
            if self._maybe(0.2):
                renamed = [f"k{number}" for number in range(len(columns))]
                columns = dict(zip(renamed, columns.values(), strict=True))
                return f"{'lateral ' * lateral}({query}) as {alias} ({', '.join(renamed)})", alias, columns
            return f"{'lateral ' * lateral}({query}) as {alias}", alias, columns
        name = self._at.choice(list(TABLES))
        return f"{name} as {alias}", alias, TABLES[name]

    def _from(self, scopes: Scopes, depth: int) -> tuple[str, dict[str, Columns]]:
        text, first, columns = self._member(scopes, {}, depth)
        inner = {first: columns}
        for _ in range(self._at.choice([0, 0, 1, 1, 2])):
            more, alias, columns = self._member(scopes, inner, depth)
            if alias in inner:
                continue
            before, inner = inner, {**inner, alias: columns}
            condition = self._equality([before, {alias: columns}])
            if self._maybe(0.2):
                condition += f" and {self._comparison([*scopes, inner])}"
            side = self._at.choice(["", "", "left ", "left ", "left ", "right "] if self._maybe(0.2) else ["", "left "])
            if self._maybe(0.15):
                third, other, its = self._member(scopes, {}, depth)
                if other not in inner:
                    tied = self._equality([{alias: columns}, {other: its}])
                    more = f"({more} {self._at.choice(['', 'left '])}join {third} on {tied})"
                    inner[other] = its
            text += f" {side}join {more} on {condition}"
        return text, inner

    def _select(self, scopes: Scopes, depth: int, *, key: bool = False) -> tuple[str, Columns]:
        source, inner = self._from(scopes, depth)
        around = [*scopes, inner]
        where = self._where(around, depth) if scopes or self._maybe(0.7) else ""
        kind = self._at.choice(["int", "int", "text"])
        first = self._column([inner], kind, here=True)
        name = "key" if key else "o1"
        form = self._at.random()
        if form < 0.2:
            group, having = self._at.choice([first, "1"]), self._at.choice(["", " having count(*) > 1"])
            total = self._column([inner], "num")
            items = f"{first} as {name}, count(*)::int as o2, sum({total}) as o3"
            query = f"select {items} from {source}{where} group by {group}{having}"
            return query, {name: kind, "o2": "int", "o3": "num"}
        if form < 0.4:
            by = ", ".join(self._column([inner]) for _ in range(self._at.choice([1, 1, 2])))
            over = self._at.choice([f"partition by {by}", f"partition by {by}", "", f"partition by {first}, {by}"])
            call = self._at.choice(["count(*) over ({})", f"rank() over ({{}} order by {self._column([inner])})"])
            rank = f"({call.format(over)})::int as o2"
            return f"select {first} as {name}, {rank} from {source}{where}", {name: kind, "o2": "int"}
        if form < 0.47:
            by = self._at.choice([self._column([inner]), name])
            query = f"select distinct on ({by}) {first} as {name} from {source}{where} order by {by}, {name}"
            return query, {name: kind}
        if form < 0.52:
            return f"select distinct {first} as {name} from {source}{where}", {name: kind}
        other = self._at.choice(["int", "text", "num"])
        value = self._value(around, other, depth)
        return f"select {first} as {name}, {value} as o2 from {source}{where}", {name: kind, "o2": other}
