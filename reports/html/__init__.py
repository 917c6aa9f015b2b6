"""The HTML pages: a result, its summary, or a comparison of two, each one file that needs nothing but itself.

Imported by audit.run and audit.cli; imports the other modules of reports. The only package that imports Jinja2.
"""

from order_audit.reports.html.comparison import comparison
from order_audit.reports.html.page import report
from order_audit.reports.html.summary import summary

__all__ = ["comparison", "report", "summary"]
