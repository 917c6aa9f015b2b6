"""The HTML pages: a result, its summary, or a comparison of two, each one file that needs nothing but itself.

Imported by audit.run and audit.cli; imports the other modules of reports. The only package that imports Jinja2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_audit.reports.html.page import report
from order_audit.reports.html.summary import summary

if TYPE_CHECKING:
    from order_audit.reports.document.comparison import Comparison

__all__ = ["comparison", "report", "summary"]


def comparison(document: Comparison) -> str:
    """Return the page that compares two audits; most commands need none of what it imports."""
    from order_audit.reports.html.comparison_page import comparison as page

    return page(document)
