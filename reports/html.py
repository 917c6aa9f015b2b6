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
from collections.abc import Callable, Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from expectations import SEVERITIES
from reports import ddl, evidence, finding, profile, schema, text, trace, words

#: More rules than this in a reason of the gate are folded away.
_NAMED: Final = 3
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
    groups = schema.groups(document)
    anchors = _anchors([found["rule"] for found in results] + [f"{it.rule}/{it.severity}" for it in groups])
    return _page(
        "report.html.j2",
        document=document,
        anchors=anchors,
        linked=_linker(anchors),
        reasoned=_reasoned,
        areas=_areas(results, document["schema_findings"]),
        failed=failed,
        failed_by_severity=[
            (name, list(group)) for name, group in groupby(failed, key=lambda found: found["severity"])
        ],
        errored=sorted(by_status["errored"], key=rank),
        passed=sorted(by_status["passed"], key=rank),
        not_checkable=sorted(by_status["not_checkable"], key=rank),
        skipped=_by_reason(by_status["skipped"]),
        counts={
            severity: {
                status: sum(found["severity"] == severity for found in by_status[status])
                for status in ("failed", "errored", "passed", "not_checkable", "skipped")
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
        annotated=ddl.annotated(document, groups),
        schema_counts=schema.counted(document),
        unused=schema.unused(document),
        traced=trace.traced(document),
        untraced=trace.untraced(document),
        questions=trace.questions(document),
        profile=profile.shown(document["profile"]),
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
        considered=trace.changes(document),
        bar=_bars(max((sum(rule[kind] for kind in kinds) for rule in changed), default=1)),
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
        finalize=text.plain,
        optimized=False,  # to look for what is constant takes longer than a page that is rendered once
    )
    environment.filters |= {
        "n": words.number,
        "share": words.share,
        "plural": words.plural,
        "moment": words.moment,
        "ms": words.milliseconds,
        "size": words.size,
        "visible": text.visible,
        "name": text.name,
        "sql": text.sql,
        "columns": evidence.columns,
        "week": evidence.week,
        "cell": evidence.cell,
        "evidence": _evidence,
        "wrong": finding.wrong,
        "figures": finding.figures,
        "weaknesses": finding.weaknesses,
    }
    environment.globals |= {"severities": SEVERITIES, "duration": words.duration}
    return environment


# -- order and grouping ------------------------------------------------------------------------------------------


def _change(rule: dict[str, Any]) -> tuple[bool, int, int, int, int]:
    """What is new first, the critical before all; then what remains, then what is resolved."""
    return not rule["new"], SEVERITIES.index(rule["severity"]), -rule["new"], -rule["remaining"], -rule["resolved"]


def _bars(longest: int) -> Callable[[dict[str, Any]], list[tuple[str, float, float]]]:
    """Gives the parts of a rule's bar, kind, place and width, all bars on one scale; what is there at all is seen."""

    def bar(rule: dict[str, Any]) -> list[tuple[str, float, float]]:
        parts, place = [], 0.5
        for kind in ("resolved", "remaining", "new"):
            if rule[kind]:
                width = max(_BAR * rule[kind] / longest, 3.0)
                parts.append((kind, round(place, 1), round(width - 1, 1)))
                place += width
        return parts

    return bar


def _evidence(value: Any) -> str | Markup:
    """A piece of a schema finding's evidence: a number, a text, or a list or an object of such."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return words.number(value)
    if isinstance(value, list):
        return Markup(", ").join(_evidence(item) for item in value)
    if isinstance(value, dict):
        return Markup(", ").join(
            Markup("{} {}").format(text.visible(name), _evidence(item)) for name, item in value.items()
        )
    return text.visible(str(value))


def _areas(*groups: Iterable[dict[str, Any]]) -> list[str]:
    """What the rules are about, by the folders that they are in."""
    return sorted({item["rule"].split(".")[0] for group in groups for item in group})


def _reasoned(reasons: Iterable[str]) -> list[tuple[str, str]]:
    """The gate's reasons; where one names many rules, these apart."""
    parts = [(reason, *reason.partition(": ")) for reason in reasons]
    return [(head, rules) if rules.count(",") >= _NAMED else (reason, "") for reason, head, _, rules in parts]


def _by_reason(skipped: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for found in skipped:
        groups[found["reason"]].append(found)
    return sorted(groups.items(), key=lambda group: (group[0] == "not asked for", group[0]))


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


def _linker(anchors: dict[str, str]) -> Callable[[str], Markup]:
    """Gives texts in which every rule's id is a link."""
    ids = "|".join(re.escape(rule) for rule in sorted(anchors, key=len, reverse=True))
    known = re.compile(rf"(?<![\w.])({ids})(?![\w.])") if ids else re.compile(r"(?!)()")

    def linked(said: str) -> Markup:
        parts = known.split(said)
        link = Markup('<a class="id" href="#{}">{}</a>')
        return Markup("").join(
            link.format(anchors[part], text.name(part)) if place % 2 else text.visible(part)
            for place, part in enumerate(parts)
        )

    return linked


def _command(document: dict[str, Any]) -> str:
    run, gate = document["run"], document["summary"]["gate"]
    words = ["order-audit", "run", "--dsn", "…"]
    if run["database"]["schema"]:
        words += ["--schema", run["database"]["schema"]]
    for suite in run["suites"]:
        words += ["--suite", suite]
    if gate.get("fail_on", "critical") != "critical":
        words += ["--fail-on", gate["fail_on"]]
    if gate.get("min_pass_rate") is not None:
        words += ["--min-pass-rate", f"{gate['min_pass_rate']:g}"]
    if gate.get("baseline"):
        words += ["--baseline", "…"]
    if not run["masked"]:
        words += ["--unmask"]
    return " ".join(word if word == "…" else shlex.quote(word) for word in [*words, "--out", "…"])
