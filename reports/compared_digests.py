"""Whether the digests of two audits, which stand for personal keys, can be compared."""

from __future__ import annotations

from order_audit.reports.document import KeyDigests, Result

#: What makes the keys of two audits comparable.
ADVICE = "give both audits the same --key-file"


def counts_only(old: Result, new: Result, before: KeyDigests | None, after: KeyDigests | None) -> str:
    """Return why a rule's keys then and now are digests that cannot be compared; empty if they can, or are none.

    `before` and `after` are the secret keys of the two audits, None of earlier versions, which had none.
    """
    if not (old.key_is_digest or new.key_is_digest):
        return ""
    if before is None or after is None:
        which = "earlier" if before is None else "later"
        return f"the {which} audit is of an earlier version, whose digests of personal keys have no secret key"
    if old.key_is_digest != new.key_is_digest:
        which = "later" if new.key_is_digest else "earlier"
        return f"the keys are digests in the {which} audit only"
    if before == after:
        return ""
    if before.kind == after.kind == "key_file":
        return "the personal keys are digests under different key files"
    without = [name for name, it in (("earlier", before), ("later", after)) if it.kind == "one_run"]
    return f"the personal keys are digests, and the {' and the '.join(without)} audit had no --key-file"
