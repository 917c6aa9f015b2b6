"""Documents as text for a terminal.

Imported by audit.cli; imports reports alone, and takes documents and rules, never live objects of an audit.
"""
