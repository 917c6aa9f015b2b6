"""A parsed HTML page, and checks for every page."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from tests.support.results import comparison_page, report_page

#: Elements that start a new block.
APART = {
    "td",
    "th",
    "dt",
    "dd",
    "li",
    "p",
    "div",
    "tr",
    "caption",
    "h1",
    "h2",
    "h3",
    "h4",
    "text",
    "summary",
    "details",
}
VOID = {"meta", "br", "img", "wbr", "link", "input", "hr"}


class Page(HTMLParser):
    """A page, read strictly: each element is closed where it should be."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.bodies: dict[str, list[str]] = {"script": [], "style": []}
        self._open: list[tuple[str, int]] = []
        self._texts: list[str] = []
        self._marks: list[tuple[str, dict[str, str | None], int, int]] = []
        self.feed(source)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and that it is open."""
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag in APART:
            self._texts.append(" ")
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self._open.append((tag, len(self._texts)))
            self._marks.append((tag, dict(attrs), len(self._texts), -1))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element of the drawings, which alone may be closed at once."""
        assert tag in {"path", "circle", "rect"}, tag
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self._open, tag
        assert self._open[-1][0] == tag, f"{tag} closes {self._open[-1][0]}"
        _, start = self._open.pop()
        for place in range(len(self._marks) - 1, -1, -1):
            name, attrs, begin, end = self._marks[place]
            if name == tag and end < 0 and begin == start:
                self._marks[place] = (name, attrs, begin, len(self._texts))
                break

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self._open and self._open[-1][0] in self.bodies:
            self.bodies[self._open[-1][0]].append(data)
        else:
            self._texts.append(data)

    def handle_comment(self, data: str) -> None:
        """No page has comments: one could only come from outside."""
        raise AssertionError(data)

    @property
    def text(self) -> str:
        """All that can be read, with white space folded."""
        return " ".join("".join(self._texts).split())

    def all(self, tag: str, **attributes: str) -> list[str]:
        """The texts of the elements of this kind."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            " ".join("".join(self._texts[begin:end]).split())
            for name, attrs, begin, end in self._marks
            if name == tag and wanted.items() <= attrs.items()
        ]


def drawn(made: dict[str, Any]) -> Page:
    """The page of a document, held against all that holds for every page."""
    before = copy.deepcopy(made)
    draw = report_page if made["format"] == "order-audit/2" else comparison_page
    source = draw(made)
    assert made == before, "drawing changes nothing"
    assert draw(made) == source, "the same document gives the same page"
    return sound(source)


def sound(source: str, scripts: int = 1) -> Page:
    """A page with so many scripts, held against all that holds for every page."""
    source.encode()
    page = Page(source)
    _stands_alone(page, scripts)
    _leads_somewhere(page)
    _shows_every_character(source)
    _can_be_read_by_all(page)
    return page


def _stands_alone(page: Page, scripts: int) -> None:
    for tag, attrs in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "form", "base", "image", "use"}, tag
        assert not any(name.startswith("on") or name in {"src", "style", "action"} for name in attrs), (tag, attrs)
    assert (len(page.bodies["script"]), len(page.bodies["style"])) == (scripts, 1)
    assert not re.search(r"url\(|@import", page.bodies["style"][0])
    assert not any("fetch" in script for script in page.bodies["script"])
    policy = next(attrs["content"] for tag, attrs in page.elements if "http-equiv" in attrs) or ""
    assert policy.startswith("default-src 'none'")
    for kind in ("script", "style")[not scripts :]:
        digest = base64.b64encode(hashlib.sha256(page.bodies[kind][0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def _leads_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids)), "ids are unique"
    for tag, attrs in page.elements:
        if "href" in attrs:
            assert tag == "a"
            assert (attrs["href"] or "").startswith("#"), attrs
            assert (attrs["href"] or "")[1:] in page.ids, attrs
        for name in ("aria-labelledby", "aria-describedby"):
            assert name not in attrs or attrs[name] in page.ids


def _shows_every_character(source: str) -> None:
    assert {letter for letter in source if not letter.isprintable()} <= {"\n", "\t"}
    assert not re.search("[\ufffd\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", source)


def _can_be_read_by_all(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert page.elements[0] == ("html", {"lang": "en"})
    assert tags.count("h1") == tags.count("main") == tags.count("header") == tags.count("footer") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), "no level is left out"
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attrs for tag, attrs in page.elements if tag == "th")
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [
        attrs for tag, attrs in page.elements if tag == "meta"
    ]
