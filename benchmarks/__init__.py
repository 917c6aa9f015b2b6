"""The cost of an audit, compared with hand-written SQL and other tools."""
