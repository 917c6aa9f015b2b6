"""The command that shows the configuration: `order-audit config`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from order_audit.audit.cli.configured import current
from order_audit.audit.cli.options import say
from order_audit.audit.cli.output import without_secrets

if TYPE_CHECKING:
    from order_audit.audit.config.settings import Setting


def config(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the settings as JSON.")] = False,
) -> None:
    """Show the settings that apply in this folder, and where each comes from. Options of a command come before them.

    The file is order-audit.toml, or pyproject.toml with [tool.order-audit], of this folder or the nearest above.

    Example: order-audit config --env ci
    """
    import json
    import os
    from datetime import UTC, datetime

    from order_audit.audit.config.keys import KEYS
    from order_audit.audit.results.suppressed import is_expired
    from order_audit.reports.control_characters import escape
    from order_audit.reports.terminal.layout import table

    configuration = current()
    file = str(configuration.file.path) if configuration else None
    rows = []
    settings = configuration.settings if configuration else {}
    if shown := _connection():
        rows.append(("connection", *shown))
    for key in KEYS:
        if key.section == "connection" and key.path not in settings:
            continue
        if key.environment and (given := os.environ.get(key.environment)):
            rows.append((key.path, given, f"environment {key.environment}"))
        else:
            rows.append((key.path, *_shown(settings.get(key.path), _default(context, key.options))))
    for section, named in (configuration.open if configuration else {}).items():
        shown_settings = ((name, *_shown(setting, None)) for name, setting in named.items())
        for name, value, source in shown_settings:
            rows.append((f"{section}.{name}", _masked(name, value) if section == "variables" else value, source))
    for it in configuration.suppressions if configuration else ():
        late = "expired: " if is_expired(it, datetime.now(UTC).date()) else ""
        rows.append((f"suppress {it.rule}", f"{late}{it.what}: {it.words}", it.place))
    rows = [tuple(map(_hidden, row)) for row in (*rows, *_variables())]
    if as_json:
        entries = [{"setting": name, "value": value, "source": source} for name, value, source in rows]
        environment = configuration.environment or None if configuration else None
        content = {"file": file, "environment": environment, "settings": entries}
        say(json.dumps(content, indent=2, ensure_ascii=False))
        return
    head = "configuration: none; an order-audit.toml in this folder or above would set these"
    if configuration:
        by = f" ({configuration.chosen_by})" if configuration.environment else ""
        head = f"configuration: {configuration.name}{by}"
    cells = [(name, escape(_text(value)), source) for name, value, source in rows]
    say("\n".join([head, "", *table(cells, left=range(3))]))


def _hidden(value: Any) -> Any:
    """Return a value without the password of a DSN that stands in the wrong place."""
    if isinstance(value, list):
        return [_hidden(it) for it in value]
    return without_secrets(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shown(setting: Setting | None, default: Any) -> tuple[Any, str]:
    """Return a value and its source."""
    if setting is None:
        return default, "default"
    return setting.value, setting.place + f" [env.{setting.environment}]" * bool(setting.environment)


def _default(context: typer.Context, options: Any) -> Any:
    """Return the default of the command's option that a key stands in for."""
    root: Any = context.find_root().command
    for command, name in options.items():
        found = root
        for word in command.split():
            found = found.commands[word]
        value = next(it.default for it in found.params if it.name == name)
        if name == "suite":
            return ["current"]
        return None if value == "" else value if isinstance(value, str | int | None) else str(value)
    return None


def _connection() -> tuple[str, str] | None:
    """Return the database that the environment names, without its password, and the variable."""
    import os

    from order_audit.audit.database import dsn as dsns

    configuration = current()
    name = (configuration.value("connection.dsn_env") if configuration else None) or "DATABASE_URL"
    given = os.environ.get(name, "").strip()
    if given:
        return ("embedded" if given == "embedded" else dsns.masked(dsns.resolve(given))), f"environment {name}"
    if name != "DATABASE_URL":
        return "not set", f"environment {name}"
    named = [it for it in ("PGSERVICE", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER") if os.environ.get(it)]
    if named:
        return " ".join(f"{it}={os.environ[it]}" for it in named), "environment"
    if configuration and (setting := configuration.settings.get("connection.service")):
        return f"service={setting.value}", setting.place
    return None


def _masked(name: str, value: str) -> str:
    from order_audit.expectations.variables import is_secret

    return "***" if is_secret(name, value) else value


def _variables() -> list[tuple[str, Any, str]]:
    import os

    start = "ORDER_AUDIT_VAR_"
    return [
        (f"variables.{name.removeprefix(start).lower()}", _masked(name, value), f"environment {name}")
        for name, value in sorted(os.environ.items())
        if name.startswith(start)
    ]
