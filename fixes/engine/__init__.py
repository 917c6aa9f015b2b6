"""How rows are changed: work lists, batches, rejected rows, checksums, bloat, ETA, the journal's status.

Imported by everything else in fixes; imports the fix files (`fixes.fix`) alone.
"""
