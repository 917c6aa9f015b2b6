"""What the verdict of a rule on a row depends on, as its query tells."""

from __future__ import annotations

from typing import Final

import pytest

from order_audit.audit.analysis.dependence import dependence
from order_audit.audit.analysis.query_read import QueryRead
from order_audit.audit.analysis.query_scope import Catalog, Underivable

_COLUMNS: Final = {
    "person": ("id", "city_id", "boss_id", "email", "score"),
    "city": ("id", "name", "region"),
    "item": ("id", "person_id", "amount"),
}
_CATALOG: Final = Catalog(lambda name: _COLUMNS.get(name.relation), {"bool_xor"})
#: By query: the edges, as `source.column > source.column`.
_DERIVED: Final = {
    "select id from person where score < 0": "",
    "select p.id from person p left join city c on c.id = p.city_id where c.id is null": "0.city_id > 1.id",
    "select p.id from city c join person p on p.city_id = c.id": "1.city_id > 0.id",
    "select c.id from city c where not exists (select from person p where p.city_id = c.id)": "0.id > 1.city_id",
    "select c.id from city c where c.id in (select city_id from person)": "0.id > 1.city_id",
    "select s.id from (select id, count(*) over (partition by city_id) n from person) s where n > 1":
        "0.city_id > 0.city_id",
    "select id from (select id, count(*) over (partition by id) n from person) s where n > 1": "",
    "select city_id from person group by city_id having count(*) > 1": "",
    "select c.id from city c join (select city_id x, count(*) n from person group by 1) s on s.x = c.id":
        "0.id > 1.city_id",
    "with a as (select * from person) select a.id from a join a b on b.id = a.boss_id": "0.boss_id > 1.id",
    "select p.id from person p where (select sum(amount) from item where person_id = p.id) > 9": "0.id > 1.person_id",
    # the name of a column that only the outer query has
    "select p.id from person p where exists (select from item where person_id = p.id and score > amount)":
        "0.id > 1.person_id",
    "select x.id from (select distinct on (city_id) id, score from person order by city_id, score) x":
        "0.city_id > 0.city_id",
    # a name in DISTINCT ON is rather that of a result column
    "select x.id from (select distinct on (city_id) boss_id as city_id, id from person order by 1, id) x":
        "0.boss_id > 0.boss_id",
    # a subquery in FROM does not see its neighbours, only what is around
    "select p.id from person p where exists"
    " (select from person q, (select name from city c where c.id = city_id) d where q.boss_id = p.id)":
        "0.city_id > 2.id, 0.id > 1.boss_id",
    # a LATERAL one sees those before it
    "select p.id from person p where exists"
    " (select from item i, lateral (select c.id from city c where c.id = city_id) d, person q where i.person_id = p.id"
    " and q.id = p.id)": "0.city_id > 2.id, 0.id > 1.person_id, 0.id > 3.id",
    # what an outer join has not found is equal to nothing
    "select p.id from person p left join person b on b.id = p.boss_id left join city c on c.id = b.city_id":
        "0.boss_id > 1.id, 1.city_id > 2.id",
}  # fmt: skip
#: By query: why it cannot be derived.
_REFUSED: Final = {
    "select p.id from city c left join person p on p.city_id = c.id": "no equality connects the rows of city",
    "select p.id from person p where p.city_id not in (select id from city)": "no equality connects the rows of city",
    "select p.id from person p where p.score > (select avg(score) from person)": "no equality connects",
    "select p.id from person p where p.city_id = (select max(id) from city)": "no equality connects",
    "select p.id, (select count(*) from city) n from person p": "no equality connects",
    "select p.id from person p join city c on c.id is not distinct from p.city_id": "no equality connects",
    "select p.id from person p join city c on c.id = p.city_id or c.name = p.email": "no equality connects",
    "select p.id from person p left join city c on c.name = 'x' and p.score = 1": "no equality connects",
    "select p.id from person p where case when p.city_id in (select id from city) then false else true end":
        "no equality connects",
    "select id from person order by score limit 3": "it has a limit",
    "select s.id from (select id from person limit 3) s": "it has a limit",
    "select s.id from (select id, rank() over (order by score) r from person) s where r < 3": "other rows",
    "select s.id from (select p.id, count(*) over (partition by c.region) n from person p"
    " join city c on c.id = p.city_id) s where n > 1": "other rows",
    "select count(*) as id from person": "its key is no column",
    "select max(id) as id from person group by city_id": "its key is no column",
    "select id from person having bool_xor(score > 1)": "computed over all rows",
    "select id, bool_xor(score > 1) from person": "computed over all rows",
    "select city_id from person group by rollup (city_id)": "not one of the columns that it groups by",
    "select p.id from person p full join city c on c.id = p.city_id": "right, full",
    "select p.id from person p join city c using (id)": "using",
    "select p.id from person p tablesample system (5)": "sample",
    "select p.id from public.person p": "schema",
    "select id from person where score > 1 and id in (select person_id from item order by amount limit 2)":
        "it has a limit",
    "with recursive u as (select id, boss_id from person union select u.id, p.boss_id from u join person p"
    " on p.id = u.boss_id) select id from u": "its key is no column",
    "select p.id from person p left join person b on b.id = p.boss_id join city c on c.id = coalesce(b.city_id, 3)":
        "no equality connects the rows of city",
    "select p.id from person p left join person b on b.id = p.boss_id"
    " join city c on c.id = case when b.id is null then 7 else 8 end": "no equality connects",
    "(select id from person order by score) limit 3": "it has a limit",
    "select id from person where id in ((select city_id from person) limit 3)": "it has a limit",
    "select s.id from ((select id from person) limit 3) s": "it has a limit",
    "select p.id from person p where exists (select from (item i join city c on c.id = i.id) as j where j.amount > 1)":
        "it reads item in a place",
    "select p.id from person p, (values ((select max(id) from city))) as v (n) where p.id > v.n":
        "no equality connects the rows of city",
    "select * from person union select * from person": "its key is no column",
    "select p.id from person p join item i on i.id = 60 / p.score": "can fail on other rows",
    "select p.id from person p join item i on i.id = p.email::int": "can fail on other rows",
    "select id from person where email = 'now'::text": "time of the audit",
    "select id from person where email > $$today 10:00$$": "time of the audit",
    "select id from person where email > E'tomorrow'": "time of the audit",
    f"select id from person where {'a' * 64}(email)": "a name that is too long",
    "select id from person where ÄPFEL(email)": "fold in another way",
    "select id from person where email = current_user": "who runs it",
    "select id from person where score < extract(day from date 'today')": "time of the audit",
    "select id from person where email = 'x'::regclass::text": "the catalog",
    "select id from person where email = id::\"regclass\"::text": "the catalog",
}  # fmt: skip


def _edges(query: str) -> str:
    found = dependence(QueryRead(query).tree, "city_id" if "select city_id" in query[:15] else "id", _CATALOG)
    return ", ".join(sorted(f"{it.source}.{it.value.column} > {it.target}.{it.same.column}" for it in found.edges))


#: By query: what of its result depends on the order of the rows, if a column `score` has floating-point numbers.
_ORDER: Final = {
    "select city_id, string_agg(email, ',') from person group by city_id": "an aggregate without an order",
    "select city_id, json_arrayagg(email) from person group by city_id": "an aggregate without an order",
    "select city_id, string_agg(email, ',' order by id) from person group by city_id": "",
    "select city_id, array_agg(distinct email) from person group by city_id": "",
    "select city_id, sum(score) from person group by city_id": "floating-point numbers",
    "select city_id, avg(id::float8) from person group by city_id": "floating-point numbers",
    "select city_id, corr(score, id) from person group by city_id": "floating-point numbers",
    "select city_id, sum(score::numeric), max(score) from person group by city_id": "",
    "select city_id, sum(id) from person group by city_id": "",
}


@pytest.mark.parametrize("query", _ORDER)
def test_the_order_of_the_rows(query: str) -> None:
    found = ""
    try:
        QueryRead(query).refuse_order({"score"})
    except Underivable as why:
        found = str(why)
    assert (_ORDER[query] in found) if _ORDER[query] else not found


@pytest.mark.parametrize("query", _DERIVED)
def test_edges(query: str) -> None:
    assert _edges(query) == _DERIVED[query]


@pytest.mark.parametrize("query", _REFUSED)
def test_refused(query: str) -> None:
    with pytest.raises(Underivable, match=_REFUSED[query]):
        _edges(query)


_WORDS: Final = "cross join lateral regexp_split_to_table(p.email, '@') as k (word)"


def _paired(of: str, key: str = "id", collation: str = 'collate "C"') -> str:
    """Return a query with a window by a column of a WITH query."""
    numbered = f"select w.{key}, count(*) over (partition by w.word {collation}) n from w"
    return f"with w as ({of}) select x.{key} from ({numbered}) x where n > 1"


def _pairs(query: str, key: str) -> str:
    (edge,) = dependence(QueryRead(query).tree, key, _CATALOG).edges
    assert (edge.source, edge.target, edge.value.column, edge.same.column) == (0, 0, key, key)
    return edge.pairs


def test_pairs_of_a_row_and_the_values_that_a_with_query_computes_from_it() -> None:
    pairs = _pairs(_paired(f"select p.id, k.word from person as p {_WORDS}"), "id")
    assert pairs.startswith("WITH w AS (SELECT p.id, k.word FROM person AS p CROSS JOIN LATERAL")
    assert pairs.endswith('SELECT "id", "word" FROM "w"')


def test_pairs_of_equal_rows() -> None:
    of = f"select p.email, p.score, k.word from (select distinct email, id, score from person) as p {_WORDS}"
    # the other columns would only make rows different
    assert "SELECT p.email, k.word FROM (SELECT DISTINCT email FROM person) AS p" in _pairs(
        _paired(of, "email"), "email"
    )


def test_pairs_of_whole_rows() -> None:
    words = _WORDS.replace("p.email", "row_to_json(p)::text")
    of = f"select p.email, k.word from (select distinct email, id from person) as p {words}"
    assert "(SELECT DISTINCT email, id FROM person) AS p" in _pairs(_paired(of, "email"), "email")


@pytest.mark.parametrize(
    ("of", "collation"),
    [
        # no collation says which words are equal
        (f"select p.id, k.word from person as p {_WORDS}", ""),
        # the words depend on other rows
        (f"select p.id, k.word from person as p join city as c on c.id = p.city_id {_WORDS}", 'collate "C"'),
        ("select p.id, lag(p.email) over (order by p.id) as word from person as p", 'collate "C"'),
        (f"select p.id, max(k.word) as word from person as p {_WORDS} group by p.id", 'collate "C"'),
        (f"select p.id, k.word from (select distinct on (id) * from person) as p {_WORDS}", 'collate "C"'),
        # two words of one name, or none beside the key
        (f"select p.id, k.word, upper(k.word) as word from person as p {_WORDS}", 'collate "C"'),
    ],
)
def test_no_pairs(of: str, collation: str) -> None:
    with pytest.raises(Underivable):
        dependence(QueryRead(_paired(of, "id", collation)).tree, "id", _CATALOG)
