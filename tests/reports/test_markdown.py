"""summary.md: any text is text in it, for parsers of GitHub's Markdown, and for what GitHub looks for afterwards."""

from __future__ import annotations

import re
from typing import Any, Final, cast

import mistune
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from order_audit.reports.document import Document, decode
from order_audit.reports.markdown import markdown
from order_audit.reports.markdown_text import code, escaped
from tests.reports.documents import SCHEMA_RULE, UNSEEN, everything
from tests.reports.faults import fault

STATUSES: Final = ("checked", "errored", "not_checkable")
JOINER: Final = "\u2060"
#: Texts that mean something to GitHub's or GitLab's Markdown, none of which does harm.
TEXTS: Final = (
    "@org/team and @someone, mail me@example.org",
    "see http://example.org/a or https://example.org or www.example.org or ftp://example.org",
    "mailto:me@example.org xmpp:me@example.org",
    "#12 GH-12 org/repo#12 !12 and $x$ and `code",
    "a | b || c \\| d \\",
    "`` a ` b ``` c",
    "<img src=q> <!-- c --> </td> &amp; &#64;team <b>b</b> <https://example.org> <?x?>",
    "*a* _b_ **c** ~~d~~ [x](y) ![x](y) [x]: y [^1] ^[1] {a}",
    "# head",
    "- item",
    "+ item",
    "1. item",
    "12) item",
    "=====",
    "-----",
    "> quote",
    "    indented\n\n\nlines\n| a | b |\n| --- | --- |\n",
    "[ ] todo",
    "@",
)
#: What GitHub links or notifies, in text that is no code.
ALIVE: Final = re.compile(
    r"@[A-Za-z0-9][\w-]*|#\d|!\d|\bGH-\d|www\.\w|\w+://\w|mailto:\w|\w@\w|\w+/\w+@\w", re.IGNORECASE
)


def rendered(text: str) -> tuple[str, set[str]]:
    """The text that is shown outside of code, and the elements that it is in, by markdown-it with GitHub's tables."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    shown, elements = [], set()
    for token in parsed:
        elements.add(token.tag or token.type)
        for child in token.children or []:
            elements.add(child.tag or child.type)
            shown.append(child.content if child.type in ("text", "text_special") else " ")
        shown.append("\n")
    return "".join(shown), elements


def elements_of(nodes: Any) -> set[str]:
    """The kinds of mistune's nodes."""
    kinds = set()
    for node in nodes:
        kinds |= {node["type"]} | elements_of(node.get("children") or [])
    return kinds


def check(text: str) -> str:
    """Both parsers find no markup but ours; return what is shown."""
    shown, elements = rendered(text)
    assert elements <= {
        "h1", "h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "text", "inline",
        "text_special",
    }, elements  # fmt: skip
    parse = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough", "url", "task_lists", "footnotes"])
    kinds = elements_of(cast(Any, parse(text)))
    assert not kinds & {"link", "image", "inline_html", "block_html", "block_quote", "block_code", "emphasis",
                        "strikethrough", "footnote_ref", "task_list_item"}, kinds  # fmt: skip
    assert not ALIVE.search(shown), ALIVE.search(shown)
    return shown


@pytest.mark.parametrize("text", [*TEXTS, UNSEEN])
def test_every_text_of_a_document_is_text(text: str) -> None:
    """Titles, owners, ids, file names, objects, reasons, errors: wherever a document has a text."""
    made = everything(text)
    made["results"][0] |= {"owner": text, "tags": [text, text]}
    made["schema_findings"] = [fault(text, text, accepted=accepted, message=text) for accepted in ("", text)]
    made["schema_rules"] = [SCHEMA_RULE | {"rule": text, "status": status, "reason": text} for status in STATUSES]
    made["unused_suppressions"] = [{"rule": text, "object": text, "reason": text}]
    document = decode(Document, made)
    written = markdown(document)
    check(written)
    assert written.isascii() or all(letter.isprintable() or letter == "\n" for letter in written)
    # a row of a table has as many cells as its head
    tables = MarkdownIt("commonmark").enable("table").parse(written)
    assert sum(it.type == "table_open" for it in tables) == sum(it.type == "thead_open" for it in tables)
    rows = [re.split(r"(?<!\\)\|", line) for line in written.splitlines() if line.startswith("|")]
    assert all(len(row) == len(rows[0]) or len(row) in {len(it) for it in rows if "---" in "".join(it)} for row in rows)


@given(st.text("@#!$|`\\*_~<>[]()&;:/.-+=w1a \n\té", max_size=20))
def test_any_text_reads_as_it_is(text: str) -> None:
    """Escaped, it shows the same, but for the joiner; as code, too, in a paragraph and in a table."""
    plain = " ".join(text.split())
    assert rendered(f"- x {escaped(text)}\n")[0].replace(JOINER, "").strip() == f"x {plain}".strip()
    for in_table, frame in ((False, "x {} y\n"), (True, "| a | b |\n| --- | --- |\n| {} | y |\n")):
        parsed = MarkdownIt("commonmark").enable("table").parse(frame.format(code(text, in_table=in_table)))
        (found,) = (it for token in parsed for it in token.children or [] if it.type == "code_inline")
        assert found.content.strip() == plain


@example(["1", "mailto:me@example.org xmpp:me@example.org"])
@example(["1", "www.example.org"])
@given(st.lists(st.sampled_from([*TEXTS, "a", "1", " "]), max_size=3))
def test_texts_side_by_side_are_text(parts: list[str]) -> None:
    """At the beginning of a line as well."""
    check(f"{escaped(''.join(parts))}\n\n- {escaped(''.join(parts))}\n")
