"""The Jinja environment of the pages, with their filters and content security policy.

All values from a database are text: escaped, with invisible and direction-changing characters spelled out.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, UndefinedError
from jinja2.bccache import Bucket
from markupsafe import Markup

from order_audit import compiled
from order_audit.domain import Chart
from order_audit.expectations import SEVERITIES
from order_audit.expectations.names import top_area
from order_audit.reports import (
    action_plan,
    baseline_text,
    diagrams,
    escaping,
    formatting,
    limit_text,
    measure_text,
    standing_text,
    suppression_text,
)
from order_audit.reports.document import Outcome
from order_audit.reports.html import evidence, finding, fix_examples, impact, measured
from order_audit.reports.schema_findings import outcome_lines

_TEMPLATES: Final = Path(__file__).parent / "templates"


def page(template: str, **content: Any) -> str:
    """Render a page. Its policy allows only its own style and script, in case a text ever escapes the escaping."""
    environment = _environment()
    own = (environment.get_template(name).render().encode() for name in ("style.css.j2", "script.js.j2"))
    hashes = (base64.b64encode(hashlib.sha256(text).digest()).decode() for text in own)
    policy = "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
    try:
        return environment.get_template(template).render(content, policy=policy.format(*hashes)) + "\n"
    except UndefinedError as error:
        raise KeyError(error.message) from error


def compile_templates() -> None:
    """Compile all templates, which keeps them."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


class _Kept(BytecodeCache):
    """Compiled templates, kept beside this module: to compile them takes longer than to render the page."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if there is one of the same text."""
        if (kept := compiled.read(_place(bucket), _key(bucket))) is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template."""
        compiled.write(_place(bucket), _key(bucket), bucket.bytecode_to_string())


def _place(bucket: Bucket) -> Path:
    return Path(__file__).with_name(f"template_{bucket.key}")


def _key(bucket: Bucket) -> bytes:
    # how templates are read is decided in this module
    return compiled.key(jinja2.__version__, bucket.checksum, Path(__file__).read_bytes())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=escaping.plain,
        optimized=False,  # folding constants takes longer than rendering the page once
        bytecode_cache=_Kept(),
    )
    environment.filters |= {
        "n": formatting.number,
        "share": formatting.share,
        "plural": formatting.plural,
        "moment": formatting.moment,
        "ms": formatting.milliseconds,
        "size": formatting.size,
        "visible": escaping.visible,
        "name": escaping.name,
        "web_link": escaping.web_link,
        "page_link": escaping.page_link,
        "sql": escaping.sql,
        "top_area": top_area,
        "statement": escaping.statement,
        "sql_around": escaping.sql_around,
        "columns": evidence.columns,
        "week": evidence.week,
        "cell": evidence.cell,
        "evidence": _evidence,
        "wrong": finding.highlighted_columns,
        "figures": finding.figures,
        "amounts": impact.amounts,
        "impact_by_name": impact.by_name,
        "fixable": action_plan.fixable,
        "against_baseline": baseline_text.change,
        "tolerance": limit_text.tolerance,
        "measured": measured.rows,
        "counts_drawn": measured.counts,
        "measure_line": measure_text.line,
        "bounds": measure_text.bounds_text,
        "levels": limit_text.levels,
        "bars": _bars,
        "fix_examples": fix_examples.examples,
        "overlaps": finding.overlaps,
        "follows_from": finding.follows_from,
        "standing": standing_text.line,
        "history_used": standing_text.used,
        "suppressions_of": suppression_text.of_rule,
        "suppression_attention": suppression_text.attention,
        "schema_causes": finding.schema_causes,
        "outcome": _outcome,
    }
    environment.globals |= {
        "severities": SEVERITIES,
        "duration": formatting.duration,
        "changes_text": formatting.changes_text,
    }
    return environment


def _bars(chart: Chart) -> Markup:
    return diagrams.bars(chart.title, chart.rows, chart.unit, chart.notes)


def _outcome(outcome: Outcome | None) -> list[str]:
    """Return the outcome of a suggestion as lines; none for prose."""
    return outcome_lines(outcome) if outcome else []


def _evidence(value: Any) -> str | Markup:
    """Return the markup of one value of a schema finding's evidence: a number, a text, a list or an object."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return formatting.number(value)
    if isinstance(value, list):
        return Markup(", ").join(_evidence(item) for item in value)
    if isinstance(value, dict):
        return Markup(", ").join(
            Markup("{} {}").format(escaping.visible(name), _evidence(item)) for name, item in value.items()
        )
    return escaping.visible(str(value))
