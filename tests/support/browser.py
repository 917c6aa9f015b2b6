"""A real browser for the tests: Debian's Chromium, driven by Playwright. A missing one is an error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright
from pypdfium2 import PdfDocument

_ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where Chromium is. Raises where it is not."""
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("Chromium is not installed: apt-get install chromium")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser, closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **context: Any) -> Iterator[Page]:
    """A file as a page, which must ask for nothing but itself, and complain about nothing."""
    asked: list[str] = []
    troubles: list[str] = []

    def request(asking: Request) -> None:
        asked.append(asking.url)

    def console(message: ConsoleMessage) -> None:
        troubles.append(f"{message.type}: {message.text}")

    def dialog(box: Dialog) -> None:
        troubles.append(f"dialog: {box.message}")
        box.dismiss()

    made = browser.new_context(**context)
    try:
        page = made.new_page()
        page.set_default_timeout(20_000)
        page.on("request", request)
        page.on("console", console)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", dialog)
        address = file.as_uri()
        page.goto(address + fragment)
        yield page
        assert {url.partition("#")[0] for url in asked} == {address}
        assert troubles == []
    finally:
        made.close()


def sheets(pdf: bytes) -> list[str]:
    """The text of each page of a PDF."""
    document = PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
