"""The configuration: order-audit.toml, or [tool.order-audit] in pyproject.toml; which settings apply, and from where.

Commands know nothing of it: each setting stands in for an option that the command line does not have.
"""
