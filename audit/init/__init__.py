"""A first suite for any database: rules proposed from its catalog and its values, each checked before it is written.

Imported by cli; imports profiling and database.
"""
