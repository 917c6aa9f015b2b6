"""Functions that reach outside of the database, which texts of a suite may not call.

A rule reads tables. PostgreSQL has functions that a SELECT may call, even in a read-only transaction, and that read
files of the server, end other sessions, keep write-ahead log for ever, or run a text as a query, which this look at
names would not see. Only a suite that the user trusts may call them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from order_audit.expectations import Rule, SuiteError
from order_audit.fixes.fix import Fix, FixError
from order_audit.fixes.guarding.guard import Guard

#: What functions do, with their names; `*` is any part of a name.
REACHES: Final = {
    "reads or writes files of the server": (
        "pg_read_*", "pg_stat_file", "pg_file_*", "pg_ls_*", "pg_logdir_*", "pg_current_logfile",
        "pg_rotate_logfile*", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_show_all_file_settings",
    ),
    "reads or writes large objects": ("lo_*", "loread", "lowrite"),
    "stops or inspects other sessions": ("pg_cancel_backend", "pg_terminate_backend", "pg_log_backend_*"),
    "changes the state of the server": (
        "pg_reload_conf", "pg_promote", "pg_switch_wal", "pg_create_restore_point", "pg_wal_replay_*", "pg_backup_*",
        "pg_start_backup", "pg_stop_backup", "pg_stat_*reset*", "pg_import_system_collations",
    ),
    "uses replication slots": ("pg_*replication_*", "pg_logical_*", "pg_sync_*"),
    "connects to a server": ("dblink*",),
    "runs a text as a query": ("query_to_xml*", "ts_stat", "ts_rewrite", "crosstab*", "connectby", "xpath_table"),
}  # fmt: skip
_REACHING: Final = {
    what: re.compile("|".join(name.replace("*", r"\w*") for name in names)) for what, names in REACHES.items()
}
_ANY: Final = re.compile("|".join(names.pattern for names in _REACHING.values()))
#: A name with escapes instead of letters, which hides what it says.
_ESCAPED_NAME: Final = re.compile(r"(?<![\w$])u&\"", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d][\w$]*")


@dataclass(frozen=True)
class Reach:
    """A function that a text calls, and what it does."""

    function: str
    what: str


def reach(text: str, *, in_strings: bool = False) -> Reach | None:
    """Return the first function that reaches outside of the database, of those that an SQL text calls.

    In a text that cannot be read as SQL, and with `in_strings`, any word counts as a call.
    """
    if _ESCAPED_NAME.search(text):
        return Reach('U&"…"', "hides a name behind escapes")
    if not _ANY.search(text.lower()):
        return None  # to split the text takes far longer
    calls = None if in_strings else _calls(text)
    for name in sorted(calls if calls is not None else set(_WORD.findall(text.lower()))):
        for what, names in _REACHING.items():
            if names.fullmatch(name):
                return Reach(name, what)
    return None


def _calls(text: str) -> frozenset[str] | None:
    """Return the names of called functions; None if the text cannot be read as SQL."""
    # few texts come this far, and the import takes long
    import sqlglot
    from sqlglot.errors import SqlglotError

    from order_audit.audit.analysis.tokens import called_names

    try:
        return called_names(sqlglot.tokenize(text, dialect="postgres"))
    except SqlglotError:
        return None


def refuse_rules(rules: Iterable[Rule]) -> None:
    """Raise SuiteError if a text of a rule's file reaches outside of the database."""
    for rule in rules:
        for where, text in _texts(rule):
            if found := reach(text):
                raise SuiteError(_message(rule.path, f"{where} calls", found, "a rule only reads tables"))


def refuse_fixes(fixes: Iterable[Fix], guards: Iterable[Guard]) -> None:
    """Raise FixError if the SQL of a fix or of a guard reaches outside of the database."""
    for fix in fixes:
        options = [option for option in (fix.automatic, *fix.options) if option is not None]
        changes = [change for option in options for change in option.changes]
        for text in (text for it in changes for text in (it.sql, *(query for _, query in it.given))):
            if found := reach(text):
                raise FixError(_message(fix.path, "it calls", found, "a fix reads and changes tables"))
    for guard in guards:
        for text in (guard.refuses, *(it.body for it in guard.objects)):
            if found := reach(text, in_strings=True):
                raise FixError(_message(guard.path, "it calls", found, "a guard checks rows of tables"))


def _message(path: str, calls: str, found: Reach, purpose: str) -> str:
    return (
        f"{path}: {calls} {found.function}, which {found.what}: {purpose}; if you trust its author, write"
        " trust_suite = true in [run] of order-audit.toml"
    )


def _texts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "it", rule.sql
    if rule.highlight is not None and rule.highlight.test:
        yield "its field 'highlight'", rule.highlight.test
    if rule.prefilter is not None:
        yield "its field 'prefilter'", rule.prefilter.query
    if rule.for_each is not None and rule.for_each.query:
        yield "its field 'for_each'", rule.for_each.query
