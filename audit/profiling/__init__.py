"""The profile of tables: one pass of aggregates per table, shaped into figures.

Imported by run and cli; imports database. Knows nothing of rules, scans and findings.
"""
