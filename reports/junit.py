"""A result as JUnit XML: each rule is a test case, so that CI shows them as it shows tests."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

#: Characters that XML 1.0 cannot hold, even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(document: dict[str, Any]) -> str:
    """The XML text. Failed rules are failures, errored ones errors, those not judged skipped."""
    results = document["results"]
    by_status: dict[str, list[dict[str, Any]]] = {}
    for found in results:
        by_status.setdefault(found["status"], []).append(found)
    unjudged = len(by_status.get("skipped", [])) + len(by_status.get("not_checkable", []))
    counts: dict[str, str] = {
        "tests": str(len(results)),
        "failures": str(len(by_status.get("failed", []))),
        "errors": str(len(by_status.get("errored", []))),
        "skipped": str(unjudged),
        "time": _seconds(sum(found["duration_ms"] for found in results)),
    }
    root = ElementTree.Element("testsuites", {"name": "order-audit"} | counts)
    about = {"name": _clean(document["run"]["database"]["name"]), "timestamp": document["run"]["started_at"]}
    suite = ElementTree.SubElement(root, "testsuite", about | counts)
    for found in results:
        area, _, name = found["rule"].rpartition(".")
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(area or found["suite"]),
            name=_clean(name),
            time=_seconds(found["duration_ms"]),
        )
        _verdict(case, found)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _verdict(case: ElementTree.Element, found: dict[str, Any]) -> None:
    match found["status"]:
        case "failed":
            message = f"{found['title']}: {found['violations']:,} violations"
            if found["checked"] is not None:
                message += f" in {found['checked']:,} rows"
            failure = ElementTree.SubElement(case, "failure", type=found["severity"], message=_clean(message))
            failure.text = _clean(_detail(found))
        case "errored":
            error = ElementTree.SubElement(case, "error", type="errored", message=_clean(found["error"]))
            error.text = _clean(found["sql"])
        case "skipped" | "not_checkable":
            ElementTree.SubElement(
                case, "skipped", message=_clean(f"{found['status'].replace('_', ' ')}: {found['reason']}")
            )


def _detail(found: dict[str, Any]) -> str:
    keys = [name.strip() for name in found["key"].split(",")]
    shown = ["; ".join(f"{key}={row.get(key)}" for key in keys) for row in found["examples"]]
    rest = found["violations"] - len(shown)
    lines = [found["why"], "", *shown, *([f"and {rest:,} more"] if rest > 0 else []), "", found["sql"]]
    return "\n".join(lines)


def _clean(text: str) -> str:
    return _UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"
