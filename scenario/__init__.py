"""The database that the audit was written for: its schema, its sample data, and labelled bad data."""

from scenario.load import NotEmptyError, add_issues, load

__all__ = ["NotEmptyError", "add_issues", "load"]
