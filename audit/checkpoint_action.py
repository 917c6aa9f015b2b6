"""An action of a checkpoint that writes our report of the database that the checkpoint has judged.

A report has more than verdicts: all violating keys, rows around examples, impact, the schema, a profile. Shared scans
keep none of these, and their snapshot is over when an action begins. So the action runs one audit, in a snapshot of its
own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import sqlalchemy
from great_expectations.checkpoint.actions import ActionContext, DataDocsAction
from great_expectations.checkpoint.checkpoint import CheckpointResult
from great_expectations.compatibility.pydantic import validator
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

from order_audit.audit.digest_key import ENVIRONMENT
from order_audit.audit.formats import asked_formats
from order_audit.audit.gx import shared_scans
from order_audit.audit.gx.completeness import RULES
from order_audit.audit.gx.expectation import ExpectOrderAuditRuleToFindNoViolations
from order_audit.audit.run import Options, run
from order_audit.errors import RunError, UsageError
from order_audit.reports.writers import DEFAULT
from order_audit.session import Setting


class OrderAuditReportAction(DataDocsAction):
    """Write the files of an audit into the folder `out` when the checkpoint has run.

    The audit has the rules of the checkpoint's suites, read again from their files, and the connection of its data
    source. `suites` are names or paths, if the files are elsewhere now; `variables` are values of their variables.
    `formats`, `examples`, `lint` and `profile` are those of `order-audit run`. The verdict of the checkpoint does not
    depend on the audit, but an audit that fails raises. Raises UsageError, SuiteError, RunError.
    """

    type: Literal["order_audit_report"] = "order_audit_report"
    name: str = "order-audit report"
    out: str
    formats: list[str] = [*DEFAULT]  # noqa: RUF012 - pydantic copies it
    suites: list[str] = []  # noqa: RUF012 - pydantic copies it
    variables: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    examples: int = 20
    lint: bool = True
    profile: bool = True

    @validator("formats")
    def _known(cls, formats: list[str]) -> list[str]:  # noqa: N805 - pydantic calls it on the class
        return [*asked_formats(",".join(formats))]

    def run(self, checkpoint_result: CheckpointResult, action_context: ActionContext | None = None) -> dict[str, Any]:
        """Write the report; return its folder, the id of its run, and whether its gate passed."""
        rules, (dsn, settings) = self._judged(checkpoint_result)
        written = self._data_docs_of(action_context)
        out, key_file = Path(self.out), os.environ.get(ENVIRONMENT)
        options = Options(
            suites=(*self.suites,) or (*dict.fromkeys(str((it.meta or {})["suite"]) for it in rules),),
            rules=(*dict.fromkeys(it.rule for it in rules),),
            variables=self.variables,
            formats=(*self.formats,),
            examples=self.examples,
            lint=self.lint,
            profile=self.profile,
            key_file=Path(key_file) if key_file else None,
            settings=settings,
            data_docs=tuple(_from(out, url) for urls in written.values() for url in urls),
        )
        document = run(dsn, out, options)
        if "html" in self.formats and not self._using_cloud_context:
            self._name_in_data_docs(checkpoint_result, out / "report.html", written)
        return {"folder": str(out), "run": document.run.id, "passed": document.summary.gate.passed}

    def _judged(
        self, result: CheckpointResult
    ) -> tuple[list[ExpectOrderAuditRuleToFindNoViolations], tuple[str, tuple[Setting, ...]]]:
        """The rules of all suites of the checkpoint, and the one database that they were judged in."""
        rules: list[ExpectOrderAuditRuleToFindNoViolations] = []
        places: dict[tuple[str, tuple[Setting, ...]], str] = {}
        for definition in result.checkpoint_config.validation_definitions:
            expectations = definition.suite.expectations
            ours = [it for it in expectations if isinstance(it, ExpectOrderAuditRuleToFindNoViolations)]
            if ours:
                rules += ours
                places.setdefault(_connection(definition.data.data_asset.datasource), definition.name)
        if not rules:
            raise UsageError(f"action '{self.name}': no suite of checkpoint '{result.name}' has an order-audit rule")
        if len(places) > 1:
            raise UsageError(
                f"action '{self.name}': the validation definitions {', '.join(map(repr, places.values()))} are of"
                " different databases, roles or search paths: make a checkpoint with this action for each"
            )
        return rules, next(iter(places))

    def _data_docs_of(self, context: ActionContext | None) -> dict[ValidationResultIdentifier, list[str]]:
        """The pages that an action of the same run wrote, by the id of the result."""
        pages = self._get_data_docs_pages_from_prior_action(context) or {}
        return {id: [url for url in urls.values() if url] for id, urls in pages.items()}

    def _name_in_data_docs(
        self, result: CheckpointResult, report: Path, written: dict[ValidationResultIdentifier, list[str]]
    ) -> None:
        """Add the report to the description of the last expectation, in the stored result and on its page.

        Great Expectations 1.24.1 shows notes on the page of a suite only.
        """
        context = self._resolve_context().context
        for id, of_suite in result.run_results.items():
            for each in of_suite.results:
                config = each.expectation_config
                if config is not None and RULES in (config.meta or {}):
                    config.description = f"{config.description}. Report: {report.resolve().as_uri()}"
            context.validation_results_store.set(id, of_suite)
            if written.get(id):
                self._build_data_docs(resource_identifiers=[id])


def _connection(source: Any) -> tuple[str, tuple[Setting, ...]]:
    """The parameters and settings of a data source's connections. Raises UsageError, RunError."""
    try:
        return shared_scans.connection(source.get_execution_engine())
    except shared_scans.NotSharedError as error:
        raise UsageError(f"data source '{source.name}': {error}") from None
    except sqlalchemy.exc.DBAPIError as error:
        raise RunError(f"data source '{source.name}': no connection to the database: {error.orig}") from None


def _from(out: Path, url: str) -> str:
    """A page's address; of a file by its path from the report's folder, so that both can move."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return url
    return quote(Path(os.path.relpath(url2pathname(parts.path), out.resolve())).as_posix())
