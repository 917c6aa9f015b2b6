"""Write a project of Great Expectations that judges a database by our rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import conninfo

from order_audit.audit.analysis import parsed_query, reach
from order_audit.audit.database.dsn import resolve
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.gx import project
from order_audit.audit.gx.suite import name_of, of_rules
from order_audit.audit.scans.instances import made_instances
from order_audit.audit.scans.prepared_rule import prepare
from order_audit.errors import RunError, UsageError
from order_audit.expectations import Given, Override, asked, check_overrides, load, overridden, resolved
from order_audit.reports import cause_text


@dataclass(frozen=True)
class Exported:
    """A project: its folder, the name of its suite and checkpoint, the number of its rules.

    `left_out` says by the rule's id why the database cannot answer it, `errored` what keeps the server from taking a
    rule that is in the suite. `url` is the database's address for the environment variable, its password masked.
    """

    folder: Path
    name: str
    rules: int
    left_out: dict[str, str]
    errored: dict[str, str]
    url: str


def export(
    folder: str | Path,
    dsn: str | None = None,
    *,
    suites: Iterable[str | Path] = ("current",),
    rules: Iterable[str] = (),
    exclude: Iterable[str] = (),
    schema: str = "",
    variables: Mapping[str, str] | None = None,
    configured: Mapping[str, str] | None = None,
    overrides: Sequence[Override] = (),
    all_match: bool = True,
    trusted: bool = False,
) -> Exported:
    """Write the project `folder`/gx, or add to the one that is there; rules that the database cannot answer stay out.

    `rules` and `exclude` are patterns of rule ids; `dsn` is a URL or a libpq string; None reads DATABASE_URL.
    `variables` and `configured` are values of the rules' variables, which the project keeps, as it does the severities
    and tolerances of `overrides`, whose patterns match some rule unless `all_match` is false. `trusted` suites may call
    functions that reach outside of the database. No data are read, except by queries of `for_each`. Raises SuiteError,
    UsageError, RunError.
    """
    sources = list(suites)
    patterns, excluded = list(rules), list(exclude)
    suite = load(*sources)
    if not trusted:
        reach.refuse_rules(suite.rules)
    suite = resolved(suite, asked(suite.rules, patterns, excluded), Given(variables or {}, configured or {}))
    wanted = asked(suite.rules, patterns, excluded)
    if not wanted:
        raise UsageError(
            "--rule and --exclude leave no rule to export" if suite.rules else f"suite '{sources[0]}' has no rules"
        )
    for rule in suite.rules:
        parsed_query.parse(rule)  # a wrong file is an error before the database is read
    dsn = resolve(dsn)
    with Snapshot(dsn, schema) as snapshot:
        pending = [rule for rule in suite.rules if rule.id in wanted and rule.is_pending]
        suite, unmade = made_instances(snapshot.connection, suite, pending)
        wanted = asked(suite.rules, patterns, excluded)
        if all_match:
            check_overrides(suite.rules, overrides)
        exported = [rule for rule in overridden(suite.rules, overrides) if rule.id in wanted]
        parsed_rules = [(rule, parsed_query.parse(rule)) for rule in exported if not rule.is_pending]
        _, outcomes = prepare(snapshot.connection, parsed_rules)
        outcomes |= unmade
        address = url(dsn, snapshot.connection)
    by_id = {rule.id: rule for rule in exported}
    left_out = {
        id: cause_text.reason(it.cause, tuple(map(str, by_id[id].requires)), by_id[id].without)
        for id, it in outcomes.items()
        if it.cause is not None
    }
    errored = {id: outcome.failure.message for id, outcome in outcomes.items() if outcome.failure is not None}
    chosen = [rule for rule in exported if rule.id not in left_out]
    if not chosen:
        where = f"schema {schema}" if schema else "the schemas of the search path"
        raise RunError(
            f"no rule can be judged in {where}: {next(iter(left_out.values()))};"
            " --schema names the schema that holds the tables"
        )
    made = of_rules(chosen, name_of(sources))
    try:
        with project.opened(Path(folder)) as context:
            project.add(context, made, schema=schema)
            root = Path(context.root_directory)
        if root.parent == Path(folder).resolve():
            root = Path(folder) / root.name  # relative, if given so
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename or folder}: {error.strerror}") from None
    return Exported(root, made.name, len(chosen), left_out, errored, address)


def url(dsn: str, connection: psycopg.Connection) -> str:
    """The address of a connection as SQLAlchemy takes it, the password masked."""
    info = connection.info
    given = conninfo.conninfo_to_dict(dsn)
    named = ("user", "host", "hostaddr", "port", "dbname", "client_encoding")
    more = {name: str(value) for name, value in given.items() if name not in named and "password" not in name}
    user = quote(info.user, safe="") + (":***" if given.get("password") else "")
    if info.host.startswith("/") or not info.host:  # a socket's folder cannot stand where hosts do
        more = {"host": info.host, "port": str(info.port)} | more
        place = ""
    else:
        place = f"{f'[{info.host}]' if ':' in info.host else info.host}:{info.port}"
    query = f"?{urlencode(more, safe='/', quote_via=quote)}" if more else ""
    return f"postgresql+psycopg://{user}@{place}/{quote(info.dbname, safe='')}{query}"
