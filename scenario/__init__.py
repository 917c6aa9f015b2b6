"""The database that the audit was written for: its schema, its sample data, labelled bad data, and data in bulk."""

from order_audit.scenario.generate import Generated, NotUnicodeError, generate
from order_audit.scenario.load import NotEmptyError, add_issues, load

__all__ = ["Generated", "NotEmptyError", "NotUnicodeError", "add_issues", "generate", "load"]
