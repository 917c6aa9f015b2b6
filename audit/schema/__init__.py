"""The schema: lint by rules on the catalogs, suppressions of accepted findings, DDL.

Imported by run and cli; imports neither scans nor profiling.
"""
