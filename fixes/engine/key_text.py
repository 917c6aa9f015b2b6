"""A row's key as text: the value of one column, or `(site=a, sku=1)` of several, by name."""

from __future__ import annotations

from collections.abc import Collection

from psycopg import sql


def key_text(key: str) -> str:
    """Return the SQL of a key's text; `key` is a jsonb object of key columns."""
    return (
        "(select case when count(*) = 1 then min(k.value)"
        " else '(' || string_agg(k.key || '=' || k.value, ', ' order by k.key collate \"C\") || ')' end"
        f" from jsonb_each_text({key}) as k)"
    )


def columns_text(columns: Collection[str], row: str) -> sql.Composable:
    """Return the SQL of the same text, from the key columns of a row; NULL where the key of one column is."""
    if len(columns) == 1:
        return sql.SQL("{}::text").format(sql.Identifier(row, *columns))
    values = [
        sql.SQL("{} || coalesce({}::text, 'NULL')").format(f"{column}=", sql.Identifier(row, column))
        for column in sorted(columns)
    ]
    return sql.SQL("'(' || pg_catalog.concat_ws(', ', {}) || ')'").format(sql.SQL(", ").join(values))
