"""Commands whose options a configuration file can set."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from order_audit.audit.cli.commands import Command
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.audit.config.settings import Configuration
    from order_audit.expectations import Rule

#: The configuration of the current command.
_CURRENT: Final[ContextVar[Configuration | None]] = ContextVar("configuration", default=None)
_Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="Environment of the configuration file. Default: ORDER_AUDIT_ENV.",
        show_default=False,
    ),
]
#: Variables of libpq that name a database.
_LIBPQ: Final = ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE", "PGPORT", "PGUSER")


def current() -> Configuration | None:
    """The configuration that applies to the current command, if any."""
    return _CURRENT.get()


def from_file(suites: list[str] | None) -> dict[str, Any]:
    """Return the options of an audit of these suites that only a configuration file has."""
    if (configuration := current()) is None:
        return {}
    name = configuration.file.path.name + f" [env.{configuration.environment}]" * bool(configuration.environment)
    return {
        "configuration": name,
        "environment": configuration.environment,
        "configured": configuration.texts("variables"),
        "overrides": configuration.overrides,
        "suppressions": configuration.suppressions,
        "trusted": is_trusted(),
        # other suites, of the command line, may lack the rules that the file names
        "all_match": suites == configuration.value("suites"),
    }


def is_trusted() -> bool:
    """Whether the configuration trusts suites, fixes and guards with functions that reach outside of the database."""
    return (configuration := current()) is not None and bool(configuration.value("run.trust_suite"))


def configured_rules(rules: Iterable[Rule], suites: list[str] | None) -> tuple[Rule, ...]:
    """Return rules of suites with the severities and tolerances of the configuration. Raises SuiteError as a run."""
    from order_audit.expectations import check_overrides, overridden

    rules, configuration = tuple(rules), current()
    if configuration is None:
        return rules
    if suites == configuration.value("suites"):
        check_overrides(rules, configuration.overrides)
    return tuple(overridden(rules, configuration.overrides))


def configured_variables() -> dict[str, str]:
    """Return the values of variables that a configuration file has."""
    configuration = current()
    return configuration.texts("variables") if configuration else {}


class Configured(Command):
    """A command with --env, whose missing options come from the configuration file."""

    @classmethod
    def prepared(cls, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the parameter of --env, which `parse_args` reads."""

        @functools.wraps(function)
        def command(*args: Any, env: str | None = None, **options: Any) -> Any:  # noqa: ARG001
            return function(*args, **options)

        signature = inspect.signature(function, eval_str=True)
        env = inspect.Parameter("env", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_Env)
        parameters = [*signature.parameters.values(), env]
        vars(command)["__signature__"] = signature.replace(parameters=parameters)
        command.__annotations__ = {it.name: it.annotation for it in parameters}
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words, over the settings of the file. Raises UsageError for a file with a fault."""
        _CURRENT.set(None)
        if "--help" not in args:
            given = self.once(ctx, args)
            _CURRENT.set(configuration := _read(given.get("env")))
            if configuration is not None:
                ctx.default_map = configuration.options(ctx.command_path.partition(" ")[2])
                if any(it.name == "dsn" for it in self.params) and not given.get("dsn"):
                    _connect(configuration)
        return super().parse_args(ctx, args)


def _read(environment: str | None) -> Configuration | None:
    from order_audit.audit.config.settings import read

    return read(Path.cwd(), environment)


def _connect(configuration: Configuration) -> None:
    """Set the variable that names the database, for this process: the environment comes before the file's service.

    Raises UsageError where the variable that the file names is missing: another database must not take its place.
    """
    if name := configuration.value("connection.dsn_env"):
        if not os.environ.get(name):
            place = configuration.settings["connection.dsn_env"].place
            raise UsageError(f"{place}: the environment variable {name} is not set; set it to the DSN, or give --dsn")
        os.environ["DATABASE_URL"] = os.environ[name]
        return
    service = configuration.value("connection.service")
    if service and not any(os.environ.get(it) for it in ("DATABASE_URL", *_LIBPQ)):
        os.environ["PGSERVICE"] = service
