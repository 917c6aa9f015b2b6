"""The plan of fixes: decisions, dry run on temporary copies, fingerprint, order of fixes.

Imported by apply, emission and cli; imports engine and guarding.
"""
