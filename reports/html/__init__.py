"""The HTML pages: a result, its summary, a comparison of two, a history; each is one file that needs nothing else.

Imported by audit.run and audit.cli; imports the other modules of reports. The only package that imports Jinja2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_audit.reports.html.page import report
from order_audit.reports.html.summary import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_audit.reports.document.comparison import Comparison
    from order_audit.reports.history.overview import Overview

__all__ = ["comparison", "history", "report", "summary"]


def comparison(document: Comparison) -> str:
    """Return the page that compares two audits; most commands need none of what it imports."""
    from order_audit.reports.html.comparison_page import comparison as page

    return page(document)


def history(overviews: Sequence[Overview]) -> str:
    """Return the page over all runs of a history; each database and schema has a part of its own."""
    from order_audit.reports.html.history_page import history as page

    return page(overviews)
