"""The profile as people are shown it: per table its columns in words, numbers and what can be drawn, within bounds.

`shown` turns the profile of a result document into a `Profile`, which the HTML page and the terminal draw.
"""

from order_audit.reports.profile.model import Column, Documents, Histogram, Profile, Table, Top
from order_audit.reports.profile.tables import COLUMNS, shown

__all__ = ["COLUMNS", "Column", "Documents", "Histogram", "Profile", "Table", "Top", "shown"]
