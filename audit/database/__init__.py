"""The database side: DSN, one exported snapshot, catalog lookups, quoting, samples, the embedded server.

Imported by everything in audit that sends SQL; imports analysis (for names) and errors.
"""
