"""What fixes would do: decisions, the dry run on temporary copies, the plan and its fingerprint, the order of fixes.

Imported by apply, emission and cli; imports engine and guarding.
"""
