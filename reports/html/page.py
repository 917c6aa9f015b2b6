"""A result, or a comparison of two, as one HTML page that needs nothing but itself.

Whatever comes from a database is text here: escaped, and with characters that cannot be seen, or that change how
others are read, spelled out.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from order_audit.expectations import SEVERITIES
from order_audit.reports import escaping, formatting, gate_text, profile, schema_findings
from order_audit.reports.html import annotated_ddl, evidence, finding, reproduce, traceability

#: More rules than this in a reason of the gate are folded away.
_NAMED: Final = 3
#: More tables than this are not named in a sentence.
_TABLES: Final = 6
#: What a reason of the gate begins with, and where on the page that is.
_LEADING: Final = re.compile(
    r"([\d,]+) (?:(critical|warning|info) expectation|expectations? (?:was|were) (skipped)|(expectation)|"
    r"(?:critical|warning|info) (schema)|(schema) rule)"
)
_PLACES: Final = {name: name for name in SEVERITIES} | {
    "expectation": "errored", "skipped": "skipped", "schema": "schema"
}  # fmt: skip
#: The longest bar's width.
_BAR: Final = 200


def report(document: dict[str, Any]) -> str:
    """The report on one audit, from its result document."""
    results = document["results"]
    largest = max((table["rows"] for table in document["run"]["tables"].values()), default=0)

    def rank(found: dict[str, Any]) -> tuple[int, float, float, int, str]:
        """The worst first: by severity, then by the share of rows, the amount, the number of violations."""
        violations, rows = found["violations"], found["checked"] or largest
        share = violations / rows if rows else 0.0
        amount = abs(found["impact"]["amount"]) if found["impact"] else 0
        return SEVERITIES.index(found["severity"]), -share, -amount, -violations, found["rule"]

    by_status: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for found in results:
        by_status[found["status"]].append(found)
    failed = sorted(by_status["failed"], key=rank)
    rows = evidence.bounded([found["examples"] for found in failed])
    failed = [found | {"examples": shown} for found, shown in zip(failed, rows, strict=True)]
    groups = schema_findings.groups(document)
    home = document["run"]["database"]["schema"]
    stakes = {found["rule"]: reproduce.stake(found, home) for found in failed}
    shown_profile = profile.shown(document["profile"])
    figures = {
        table.name: reproduce.figures(table.name, document["profile"][table.name]["columns"], home)
        for table in shown_profile.tables
        if table.columns
    }
    anchors = _anchors([found["rule"] for found in results] + [f"{it.rule}/{it.severity}" for it in groups])
    return _page(
        "report.html.j2",
        document=document,
        anchors=anchors,
        linked=_linker(anchors, failed),
        reasoned=_reasoned,
        conditions=gate_text.conditions(document["summary"]["gate"]),
        harmless=gate_text.harmless(document),
        areas=_areas(results, document["schema_findings"]),
        failed=failed,
        failed_by_rule={found["rule"]: found for found in failed},
        failed_by_severity=[
            (name, list(group)) for name, group in groupby(failed, key=lambda found: found["severity"])
        ],
        errored=sorted(by_status["errored"], key=rank),
        passed=sorted(by_status["passed"], key=rank),
        not_checkable=sorted(by_status["not_checkable"], key=rank),
        skipped=_by_reason(by_status["skipped"]),
        not_selected=sorted(by_status["not_selected"], key=rank),
        counts={
            severity: {
                status: sum(found["severity"] == severity for found in by_status[status])
                for status in ("failed", "errored", "passed", "not_checkable", "skipped", "not_selected")
            }
            | {"violations": sum(found["violations"] for found in failed if found["severity"] == severity)}
            for severity in SEVERITIES
        },
        by_time=sorted(
            (found for status in ("failed", "errored", "passed") for found in by_status[status]),
            key=lambda found: (-found["duration_ms"], found["rule"]),
        ),
        command=_command(document),
        schema_groups=groups,
        annotated=annotated_ddl.annotated(document, groups),
        unused=schema_findings.unused(document),
        traced=traceability.traced(document),
        untraced=traceability.untraced(document),
        questions=traceability.questions(document),
        profile=shown_profile,
        figures=figures,
        affected=_largest(document["summary"].get("rows_affected", ())),
        sizes=_largest([{"table": name} | table for name, table in document["run"]["tables"].items()]),
        bare=[name for name, table in document["run"]["tables"].items() if table["rows"] == 0],
        unjudged_schema=_unjudged(document["schema_rules"]),
        counted_by={name: reproduce.rows(name, home) for name in document["run"]["tables"]},
        rows_at=_rows_at(document, shown_profile),
        stakes=stakes,
        reached_at=_reached_at(anchors, stakes),
        by_severity=_by_severity(groups, anchors),
        first_of={group.rule: anchors[f"{group.rule}/{group.severity}"] for group in reversed(groups)},
        reasons={rule["rule"]: rule.get("why", "") for rule in document["schema_rules"]},
    )


def comparison(document: dict[str, Any]) -> str:
    """The report on what changed between two audits, from their comparison document."""
    rules = sorted(document["rules"], key=lambda rule: (SEVERITIES.index(rule["severity"]), rule["rule"]))
    kinds = ("new", "remaining", "resolved")
    keys = iter(
        evidence.bounded([[{"key": key} for key in rule["examples"][kind]] for rule in rules for kind in kinds])
    )
    rules = [rule | {"examples": {kind: [row["key"] for row in next(keys)] for kind in kinds}} for rule in rules]
    unknown, changed, passed_twice, passed_now = [], [], [], []
    for rule in rules:
        counts = [rule[kind] for kind in kinds]
        if None in counts:
            unknown.append(rule)
        elif any(counts):
            changed.append(rule)
        elif rule["before"] and rule["before"]["status"] == "passed":
            passed_twice.append(rule)
        else:
            passed_now.append(rule)
    considered = traceability.changes(document)
    return _page(
        "comparison.html.j2",
        document=document,
        areas=_areas(rules),
        anchors=_anchors(rule["rule"] for rule in rules),
        changed=sorted(changed, key=_change),
        by_kind={
            kind: sorted(
                (rule for rule in rules if rule[kind]),
                key=lambda rule: (SEVERITIES.index(rule["severity"]), -rule[kind]),
            )
            for kind in kinds
        },
        unknown=unknown,
        passed_twice=passed_twice,
        passed_now=passed_now,
        considered=considered,
        bar=_bars(changed),
        bar_of_considered=_bars([it.counts for it in considered]),
        outcomes={
            document[side]["id"]: _outcomes(rule[side]["status"] for rule in rules if rule[side])
            for side in ("before", "after")
        },
    )


def _page(template: str, **content: Any) -> str:
    """A page whose policy lets nothing in but its own style and script, should a text ever get past the escaping."""
    environment = _environment()
    own = (environment.get_template(name).render().encode() for name in ("style.css.j2", "script.js.j2"))
    hashes = (base64.b64encode(hashlib.sha256(text).digest()).decode() for text in own)
    policy = "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
    try:
        return environment.get_template(template).render(content, policy=policy.format(*hashes)) + "\n"
    except UndefinedError as error:
        raise KeyError(error.message) from error


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=escaping.plain,
        optimized=False,  # to look for what is constant takes longer than a page that is rendered once
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
        "sql": escaping.sql,
        "columns": evidence.columns,
        "week": evidence.week,
        "cell": evidence.cell,
        "evidence": _evidence,
        "wrong": finding.wrong,
        "figures": finding.figures,
        "overlaps": finding.overlaps,
        "schema_causes": finding.schema_causes,
    }
    environment.globals |= {"severities": SEVERITIES, "duration": formatting.duration}
    return environment


# -- order and grouping ------------------------------------------------------------------------------------------


def _change(rule: dict[str, Any]) -> tuple[bool, int, int, int, int]:
    """What is new first, the critical before all; then what remains, then what is resolved."""
    return not rule["new"], SEVERITIES.index(rule["severity"]), -rule["new"], -rule["remaining"], -rule["resolved"]


def _outcomes(statuses: Iterable[str]) -> dict[str, int]:
    """How many rules were judged, and how many of them passed."""
    judged = [status for status in statuses if status in ("passed", "failed", "errored")]
    return {"judged": len(judged), "passed": judged.count("passed")}


def _bars(counted: Iterable[dict[str, Any]]) -> Callable[[dict[str, Any]], list[tuple[str, float, float]]]:
    """Gives the parts of a bar, kind, place and width, all bars on one scale; what is there at all is seen."""
    kinds = ("resolved", "remaining", "new")
    longest = max((sum(counts[kind] for kind in kinds) for counts in counted), default=0) or 1

    def bar(counts: dict[str, Any]) -> list[tuple[str, float, float]]:
        parts, place = [], 0.5
        for kind in kinds:
            if counts[kind]:
                width = max(_BAR * counts[kind] / longest, 3.0)
                parts.append((kind, round(place, 1), round(width - 1, 1)))
                place += width
        return parts

    return bar


def _evidence(value: Any) -> str | Markup:
    """A piece of a schema finding's evidence: a number, a text, or a list or an object of such."""
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


def _areas(*groups: Iterable[dict[str, Any]]) -> list[str]:
    """What the rules are about, by the folders that they are in."""
    return sorted({item["rule"].split(".")[0] for group in groups for item in group})


def _reasoned(reasons: Iterable[str]) -> list[tuple[str, str]]:
    """The gate's reasons; where one names many rules, these apart."""
    parts = [(reason, *reason.partition(": ")) for reason in reasons]
    return [(head, rules) if rules.count(",") >= _NAMED else (reason, "") for reason, head, _, rules in parts]


def _largest(counted: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Those with the most rows, each with its place from 1; where they are few, all of them as they stand."""
    placed = list(enumerate(counted, start=1))
    return placed if len(placed) <= _TABLES else sorted(placed, key=lambda it: -it[1]["rows"])[:_TABLES]


def _unjudged(rules: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The rules on the schema that were not judged, by status and reason."""
    groups: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for rule in rules:
        if rule["status"] != "checked":
            groups[rule["status"], rule.get("reason") or ""].append(rule)
    return [(status, reason, group) for (status, reason), group in sorted(groups.items(), key=lambda it: it[0])]


def _by_reason(skipped: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for found in skipped:
        groups[found["reason"]].append(found)
    return sorted(groups.items(), key=lambda group: group[0])


def _anchors(rules: Iterable[str]) -> dict[str, str]:
    """A fragment for each rule: its id as far as that can stand in an address, and different from all others."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    for rule in rules:
        base = anchor = "rule-" + re.sub(r"[^A-Za-z0-9._-]+", "-", rule)
        number = 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        taken.add(anchor)
        anchors[rule] = anchor
    return anchors


def _linker(anchors: dict[str, str], failed: Iterable[dict[str, Any]]) -> Callable[[str], Markup]:
    """Gives texts in which every rule's id is a link, and the number of its violations behind it another."""
    ids = "|".join(re.escape(rule) for rule in sorted(anchors, key=len, reverse=True))
    known = re.compile(rf"(?<![\w.])({ids})(?!\w|\.\w)(?: \(([\d,]+)( new)?\))?") if ids else re.compile(r"(?!)()")
    listed = {found["rule"] for found in failed}
    link = Markup('<a{} href="#{}">{}</a>')

    def one(rule: str, count: str | None, new: str | None) -> Markup:
        said = link.format(Markup(' class="id"'), anchors[rule], escaping.name(rule))
        if count is None:
            return said
        number = link.format("", f"rows-{anchors[rule]}", count) if rule in listed else count
        return said + Markup(" ({}{})").format(number, new or "")

    def linked(said: str) -> Markup:
        parts, place = [], 0
        if (first := _LEADING.match(said)) and (at := "".join(_PLACES[word] for word in first.groups()[1:] if word)):
            parts, place = [link.format("", at, first[1])], first.end(1)
        for found in known.finditer(said):
            parts += [escaping.visible(said[place : found.start()]), one(found[1], found[2], found[3])]
            place = found.end()
        return Markup("").join([*parts, escaping.visible(said[place:])])

    return linked


# -- what numbers are made of ------------------------------------------------------------------------------------


def _rows_at(document: dict[str, Any], shown: profile.Profile) -> defaultdict[str | None, str]:
    """Where each table is, so that its number of rows leads there: its profile, else how its rows were counted."""
    places: defaultdict[str | None, str] = defaultdict(str)
    places |= {name: f"counted-{place}" for place, name in enumerate(document["run"]["tables"], start=1)}
    places |= {table.name: f"profile-{place}" for place, table in enumerate(shown.tables, start=1) if not table.error}
    return places


def _reached_at(anchors: dict[str, str], stakes: dict[str, str]) -> Callable[[dict[str, Any], str], str]:
    """Gives where a number of customers, of orders or an amount comes from: the rows, or the statement that adds up."""

    def reached_at(found: dict[str, Any], name: str) -> str:
        own = "customer" if found["table"] == "customers" else "order"
        kind = "stake" if stakes[found["rule"]] and name != own else "rows"
        return f"{kind}-{anchors[found['rule']]}"

    return reached_at


def _by_severity(groups: list[schema_findings.Group], anchors: dict[str, str]) -> Markup:
    """How many findings on the schema there are of each severity, each a link to the first; accepted ones apart."""
    said = []
    for severity in SEVERITIES:
        of = [group for group in groups if group.severity == severity and group.open]
        count = sum(len(group.open) for group in of)
        at = Markup('<a href="#{}">{:,}</a>').format(anchors[f"{of[0].rule}/{severity}"], count) if of else "0"
        said.append(Markup("{} {}").format(at, severity))
    holding = [group for group in groups if len(group.open) < len(group.findings)]
    if accepted := sum(len(group.findings) - len(group.open) for group in holding):
        first = anchors[f"{holding[0].rule}/{holding[0].severity}"]
        said.append(Markup('<a href="#{}">{:,}</a> accepted').format(first, accepted))
    return Markup(", ").join(said)


def _command(document: dict[str, Any]) -> str:
    run, gate = document["run"], document["summary"]["gate"]
    words = ["order-audit", "run", "--dsn", "…"]
    if run["database"]["schema"]:
        words += ["--schema", run["database"]["schema"]]
    for suite in run["suites"]:
        words += ["--suite", suite]
    if gate.get("fail_on", "critical") != "critical":
        words += ["--fail-on", gate["fail_on"]]
    if gate.get("fail_on_schema", "never") != "never":
        words += ["--fail-on-schema", gate["fail_on_schema"]]
    if gate.get("allow_skipped"):
        words += ["--allow-skipped"]
    if gate.get("min_pass_rate") is not None:
        words += ["--min-pass-rate", f"{gate['min_pass_rate']:g}"]
    if gate.get("baseline"):
        words += ["--baseline", "…"]
    if not run["masked"]:
        words += ["--unmask"]
    return " ".join(word if word == "…" else shlex.quote(word) for word in [*words, "--out", "…"])
