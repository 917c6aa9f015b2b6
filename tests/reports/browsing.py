"""Helpers for the tests in a browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_FINDINGS = "article.finding[data-kind=finding]"


def written(folder: Path, source: str) -> Path:
    """A page as a file."""
    file = folder / "page.html"
    file.write_text(source, encoding="utf-8")
    return file


def titles(page: Page, selector: str = f"{_FINDINGS} h4") -> list[str]:
    """The texts of those of these elements that can be seen."""
    shown: list[str] = page.locator(selector).evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => one.textContent.trim())"
    )
    return shown
