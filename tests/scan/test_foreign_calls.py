"""Rules whose text may call a function or operator of another role are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from order_audit.audit.scans.foreign_calls import foreign_calls
from order_audit.expectations import load
from order_audit.foreign_code import ForeignCode, ForeignObject

RULE = replace(load("current").rules[0], id="a.rule", highlight=None, prefilter=None)
FOREIGN = ForeignCode(
    "shop",
    (),
    (
        ForeignObject("function", "lower", "lower(character varying)", "app"),
        ForeignObject("operator", "=", "= (text, character varying)", "app"),
        ForeignObject("operator", "~~", "~~ (character varying, text)", "app"),
        ForeignObject("operator", ">=", ">= (numeric, integer)", "app"),
    ),
)


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("lower(t.a) is null", "function shop.lower(character varying)"),
        ('"lower" (t.a) is null', "function shop.lower(character varying)"),
        ("shop.lower(t.a) is null", "function shop.lower(character varying)"),
        ("pg_catalog.lower(t.a) is null", ""),
        ("t.a operator(pg_catalog.=) t.b", ""),
        ("t.a = t.b", "operator shop.= (text, character varying)"),
        ("t.a in (select 1)", "operator shop.= (text, character varying)"),
        ("t.a is distinct from t.b", "operator shop.= (text, character varying)"),
        ("case t.a when 1 then true end", "operator shop.= (text, character varying)"),
        ("t.a like 'x'", "operator shop.~~ (character varying, text)"),
        ("t.a between 1 and 2", "operator shop.>= (numeric, integer)"),
        ("t.a < 1 and t.b ~ 'lower(a) = 1' -- lower(a) = 1", ""),
        ("t.lower is null /* = */", ""),
    ],
)
def test_a_rule_is_named_by_what_its_text_calls(text: str, called: str) -> None:
    """By the name of the function or operator; those of pg_catalog, texts and comments do not count."""
    found = foreign_calls([replace(RULE, sql=f"select t.id from t where {text}")], [FOREIGN])
    assert found == ([f"rule a.rule may call {called} of role app"] if called else [])
    assert foreign_calls([replace(RULE, sql=f"select t.id from t where {text}")], []) == []
