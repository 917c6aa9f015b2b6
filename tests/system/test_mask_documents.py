"""The mask on documents: each value is masked by its name, and the structure stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_audit.audit import mask
from order_audit.audit.secret_numbers import SecretNumbers

JSON, TEXT, JSONB, VARCHAR = 114, 25, 3802, 1043


@pytest.mark.parametrize("kind", [JSON, JSONB, TEXT, VARCHAR])
@pytest.mark.parametrize(
    ("document", "masked"),
    [
        ('{"api-key": "abcd-1234"}', '{"api-key": "[secret 1]"}'),
        ('{"token": "one1", "token": "two2"}', '{"token": "[secret 1]", "token": "[secret 2]"}'),
        ('{"list": "spring", "size": 10, "list": "autumn"}', '{"list": "s•••••", "size": 10, "list": "a•••••"}'),
        ('{"auth": {"key": 1, "pin": 1234}, "pwd": 9876}', '{"auth": {"key": 1, "pin": 1234}, "pwd": "[secret 1]"}'),
        ('{"secret": {"deep": [123, true, null]}}', '{"secret": {"deep": ["[secret 1]", true, null]}}'),
        ('{"k": 1.10, "n": 12345678901234567890, "e": 1E+400}', '{"k": 1.10, "n": 12345678901234567890, "e": 1E+400}'),
        ('{"api_key": "secret-ref:crm/key.2_a-b"}', '{"api_key": "secret-ref:crm/key.2_a-b"}'),
        ('{"api_key": "secret-ref: not one"}', '{"api_key": "[secret 1]"}'),
        ('["a b", {"ann@example.com": 1}]', '["• •", {"a••@•••••••.•••": 1}]'.replace('"• •"', '"• •"')),
        (
            '{"pwd": 12, "a": [{"api-key": "12"}, {"token": ""}]}',
            '{"pwd": "[secret 1]", "a": [{"api-key": "[secret 1]"}, {"token": ""}]}',
        ),
        ('{"token_count": 12, "secret_id": "x"}', '{"token_count": "••", "secret_id": "[secret 1]"}'),
        ('{"a": "", "b": null, "c": true}', '{"a": "", "b": null, "c": true}'),
        ('\n {"pin": "abcd-1234"}', '{"pin": "a•••-••••"}'),
    ],
)
def test_documents_are_masked_value_by_value(kind: int, document: str, masked: str) -> None:
    """Structure, keys and order stay, repeated keys too; texts and what stands below a telling key go."""
    assert SecretNumbers().of(mask.value(document, kind, {"delivery_script_args"})) == masked


@pytest.mark.parametrize(
    "document", ['{"note": "call\\u0000back"}', '{"note": "\\ud83d"}', '{"\\ude00 x": "\\udc00a"}']
)
def test_bad_escapes_are_kept_as_escapes(document: str) -> None:
    """Half an emoji and U+0000 cannot be written down; their escapes can, and are the finding."""
    masked = mask.value(document, JSON, {"delivery_script_args"})
    masked.encode()
    assert re.findall(r"\\u[0-9a-f]{4}", masked) == re.findall(r"\\u[0-9a-f]{4}", document)


@pytest.mark.parametrize("kind", [JSON, JSONB, TEXT, VARCHAR])
@pytest.mark.parametrize("ends", ['"}', '", "more": "xx', ""], ids=["whole", "cut in a value", "cut"])
def test_a_document_that_is_cut_hides_its_secrets(kind: int, ends: str) -> None:
    """Long evidence is cut: the rest is not JSON any more, and contains the same secrets."""
    document = '{"size": 1, "token": "made-up-token-9001", "note": "' + ends
    masked = SecretNumbers().of(mask.value(document, kind, {"delivery_script_args"}))
    assert "made-up-token" not in masked
    assert (masked == "[secret 1]") == (not ends.endswith("}")), "what is cut may have a secret anywhere"


@pytest.mark.parametrize("kind", [JSON, JSONB, TEXT])
@pytest.mark.parametrize(
    ("opened", "closed"), [("[", "]"), ('{"a":', "}"), ('[{"token":', "}]")], ids=["arrays", "objects", "both"]
)
def test_deep_documents_are_masked(kind: int, opened: str, closed: str) -> None:
    """50,000 levels are more than a parser's stack: no crash, and no secret shown."""
    masked = mask.value(opened * 50_000 + '"made-up-token-9001"' + closed * 50_000, kind, {"delivery_script_args"})
    assert "made-up-token" not in masked


_DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["token", "api-key", "a"]), below, max_size=4)
    ),
    max_leaves=12,
)


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for below in node.values():
            yield from _leaves(below)
    elif isinstance(node, list):
        for below in node:
            yield from _leaves(below)
    else:
        yield node


@settings(max_examples=100, deadline=None)
@given(_DOCUMENTS)
def test_any_document_keeps_its_structure_and_no_text(document: Any) -> None:
    """A masked document is JSON still, of the same structure, and its texts have no more than a first letter."""
    text = json.dumps(document)
    masked = json.loads(mask.value(text, JSON, {"delivery_script_args"}))
    before, after = list(_leaves(document)), list(_leaves(masked))
    assert len(before) == len(after)
    for was, now in zip(before, after, strict=True):
        if re.fullmatch(r"\[secret [0-9a-f]{32}\]", str(now)):
            continue
        if isinstance(was, str):
            assert len(now) == len(was)
            assert sum(letter.isalnum() for letter in now) <= 1
        elif now != was:
            assert isinstance(now, str)
            assert not re.search(r"\d", now)
