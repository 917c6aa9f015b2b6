"""Guards: constraints, indexes and triggers that keep a fixed rule from failing again; how they are installed.

Imported by planning, apply, emission and cli; imports engine for sessions and retries.
"""
