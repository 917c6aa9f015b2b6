"""The rule that a stored expectation holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from order_audit.expectations import Amount, Bound, Level, Measure, Prefilter, Prerequisite, Rule


def stored_rule(id: str, kwargs: Mapping[str, Any]) -> Rule:
    """The rule of an expectation's arguments, under an id that is unique in its run."""
    prefilter = kwargs["prefilter"]
    return Rule(
        id=id,
        suite="",
        title=kwargs["rule"],
        severity="info",
        key=tuple(kwargs["key"]),
        sql=kwargs["sql"],
        prefilter=Prefilter(
            prefilter["table"], prefilter["query"], tuple(Prerequisite(**column) for column in prefilter["key"])
        )
        if prefilter
        else None,
        levels=(Level("info", Amount.parse(kwargs["tolerate"])),) if kwargs.get("tolerate") else (),
        measure=_measure(kwargs["measure"], kwargs["rule"]) if kwargs.get("measure") else None,
        personal=_personal(kwargs),
        harmless=tuple(kwargs.get("harmless") or ()),
        path=kwargs["rule"],
    )


def _personal(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that are masked: all in the list, but of a measure's only if the file says so, as in an audit."""
    measure = kwargs.get("measure") or {}
    shown = {measure.get("column")} if not measure.get("is_personal") else set()
    return tuple(name for name in kwargs["personal"] if name not in shown)


def _measure(kwargs: Mapping[str, Any], rule: str) -> Measure:
    bounds = (Bound(**bound | {"values": tuple(bound["values"])}) for bound in kwargs["bounds"])
    return Measure(kwargs["column"], tuple(bounds), rule)
