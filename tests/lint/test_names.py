"""Whatever tables and columns are called, every schema rule judges them."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tests.lint.support import judged

#: How a table and what belongs to it are called, by what the table is called.
STYLES = {
    "camelCase": ("parkVisit", "{table}{Word}"),
    "PascalCase": ("ParkVisit", "{Table}{Word}"),
    "dotted": ("park.visit", "{table}.{word}"),
    "several separators": ("park visit", "{table}--{word}"),
    "one letter": ("p", "p_{word}"),
    "leading digit": ("2park", "2{word}"),
    "all capitals": ("PARK", "PARK_{WORD}"),
    "not ASCII": ("größe", "größe_{word}"),
    "no ASCII letter": ("公園", "公園{word}"),
    "63 bytes": ("p" * 63, "{word}" + "_park" * 10),
    "63 bytes, not ASCII": ("ä" * 31 + "b", "{word}" + "_ä" * 17),
    "signs only": ("%", "%{word}%"),
    "backslash": ("\\", "\\{word}"),
    "quotes and a newline": ('it\'s "so"\n', "'{word}\"\n"),
    "reserved": ("user", "user_{word}"),
    "unit of money": ("usd", "{word}_usd"),
}
#: The columns of each table; those that are named twice carry the table's name and do not.
TYPES = {
    "id": "serial", "name": "text", "alias": "varchar(20)", "size": "int", "status": "text not null default 'open'",
    "type": "smallint", "balance": "double precision", "price": "numeric", "is_new": "smallint",
    "created_at": "timestamp", "due_date": "timestamptz", "args": "json", "days": "bit(7)",
    "email": "text", "phone": "text", "street": "text", "city": "text", "zip": "text",
    "start": "int", "end": "int", "other_id": "int", "parent_id": "int", "note": "text",
}  # fmt: skip
BARE = {
    "colour": "text",
    "depth": "int",
    "Net": "numeric",
    "usd": "int",
    "%": "int",
    "_": "int",
    "x": "int",
    "é": "text",
}

TABLES = """
create table {t} ({columns}, unique ({name}), constraint {check} check ({size} > 0));
alter table {t} add primary key ({id});
alter table {t} add constraint {later} check ({start} > 1) not valid;
alter table {t} add constraint {foreign} foreign key ({other_id}) references {t} ({id});
create index {copy} on {t} ({size}, {type});
create index {lesser} on {t} ({size});
create table {log} (like {t});
create table {list} (like {t}) partition by range ({id});
create table {first} partition of {list} for values from (0) to (100);
create table {second} partition of {list} for values from (100) to (200);
create index {own} on {first} ({alias});
create table {child} ({extra} int) inherits ({t});
create domain {domain} as int;
create table {valued} ({id} {domain} primary key, {other_id} int references {t}, {name} text unique, {args} jsonb[]);
alter domain {domain} add constraint {positive} check (value > 0) not valid;
create function {trigger}() returns trigger language plpgsql as 'begin return new; end';
create trigger {trigger} before insert on {t} for each row execute function {trigger}();
alter table {t} disable trigger {trigger};
grant insert on {t} to public;
insert into {t} ({id}, {name}, {size}, {start}, {balance}, {other_id}, {parent_id}, {args})
  values (1, 'a', 1, 2, 'nan', 1, 1, '{{"a": 1}}'), (7, 'b', 3, 4, 1e300, 1, 8, '"\\u0000"');
insert into {log} ({id}, {name}, {status}, {email}) values (1, 'a', 'open', ''), (1, 'a', 'open', '');
"""


def cut(name: str) -> str:
    """As PostgreSQL cuts a name that is too long."""
    return name.encode()[:63].decode(errors="ignore")


@pytest.mark.parametrize(
    "style",
    [
        pytest.param(it, marks=pytest.mark.both_versions if it in ("63 bytes", "quotes and a newline") else ())
        for it in STYLES
    ],
)
def test_every_rule_judges_whatever_the_names(dsn: str, style: str) -> None:
    """No rule fails, and none has an answer that it cannot give."""
    table, pattern = STYLES[style]

    def column(word: str) -> str:
        parts = {"table": table, "Table": table[:1].upper() + table[1:], "word": word, "Word": word.title()}
        return cut(pattern.format(**parts, WORD=word.upper()))

    columns = {column(word): kind for word, kind in TYPES.items()}
    assert len(columns) == len(TYPES)
    columns |= {word: kind for word, kind in BARE.items() if word not in columns}
    names = {word: column(word) for word in TYPES}
    others = (
        "check", "later", "foreign", "copy", "lesser", "log", "list", "first", "second", "own", "child", "extra",
        "domain", "valued", "positive", "trigger",
    )  # fmt: skip
    names |= {word: cut(f"{word}_{table}") for word in others} | {"t": table}
    listed = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(k)) for n, k in columns.items())
    with psycopg.connect(dsn) as connection:
        made = sql.SQL(TABLES).format(columns=listed, **{word: sql.Identifier(name) for word, name in names.items()})
        connection.execute(made)
    verdicts = judged(dsn)
    assert {
        verdict.rule.id: verdict.reason for verdict in verdicts if verdict.status != "checked" or verdict.reason
    } == {}
    for verdict in verdicts:
        for finding in verdict.findings:
            assert finding.message, (finding.rule, finding.object)
            assert finding.suggestion, (finding.rule, finding.object)
