"""Facts of a database and a session that must be those of the earlier audit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import psycopg

from order_audit import session

_QUERY: Final = """
select s.system_identifier::text, d.oid::int8, d.datname::text, current_user::text,
  current_setting('server_version_num')::int, pg_encoding_to_char(d.encoding)::text,
  pg_snapshot_xmin(pg_current_snapshot())::text::int8,
  pg_snapshot_xmax(pg_current_snapshot())::text::int8,
  concat_ws(',', d.datcollate, d.datctype, d.datcollversion, pg_database_collation_actual_version(d.oid)),
  (
    select string_agg(concat(p.name, '=', p.setting), ',' order by p.name)
    from pg_settings as p
    where p.name = any(array[
      'TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'bytea_output', 'lc_numeric', 'lc_time',
      'lc_monetary', 'lc_messages', 'default_text_search_config', 'standard_conforming_strings', 'array_nulls',
      'transform_null_equals', 'xmloption', 'xmlbinary', 'backslash_quote', 'regex_flavor'
    ])
  ),
  case
    when pg_is_in_recovery() then null
    else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
  end
from pg_database as d
cross join pg_control_system() as s
where d.datname = current_database()
"""
#: What must be equal, and how it is called.
_NAMES: Final = {
    "product": "the version of order-audit",
    "system": "the server's data folder",
    "database": "the database",
    "role": "the role that reads",
    "version": "the version of the server",
    "encoding": "the encoding",
    "collation": "the collation",
    "settings": "settings of the session",
    "schema": "the schemas that are read",
}


def facts(connection: psycopg.Connection, schema: str) -> dict[str, Any] | None:
    """Return the facts; None if this role may not see all of them."""
    try:
        with connection.transaction(force_rollback=True):
            row = session.row(connection, _QUERY)
    except psycopg.Error:
        return None
    system, oid, name, role, number, encoding, oldest, following, collation, settings, timeline = row
    return {
        "product": version("order-audit"),
        "system": system,
        "database": [oid, name],
        "role": role,
        "version": number,
        "encoding": encoding,
        "collation": collation,
        "settings": hashlib.sha256(settings.encode()).hexdigest(),
        "schema": schema,
        "timeline": timeline,
        "oldest": oldest,
        "next": following,
    }


def differ(now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """Return why changes since `then` cannot be found, as a sentence's part; empty if they can."""
    for name, called in _NAMES.items():
        if now[name] != then[name]:
            return (
                f"{called} is another"
                if not called.startswith("settings") and not called.startswith("the schemas")
                else f"{called} are others"
            )
    if None not in (now["timeline"], then["timeline"]) and now["timeline"] != then["timeline"]:
        return "the server was restored, or another one has taken over since (its timeline is another)"
    if now["next"] < then["next"]:
        return "the server has gone back in time: its next transaction is an earlier one"
    if now["next"] - then["oldest"] >= 2**31 - 1:
        return "too many transactions have ended since"
    return ""
