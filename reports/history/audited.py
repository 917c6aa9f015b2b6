"""The parts of an audit that its history goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from order_audit.reports.document import JsonObject, KeyDigests, Result, Run, SchemaFinding, SchemaRule

Kind: TypeAlias = Literal["rule", "schema"]


@dataclass(frozen=True)
class Compared:
    """A judged rule whose violating keys are compared with those of earlier runs.

    `keyed` names what the keys are: keys of other columns, or digests under another secret key, are others.
    """

    kind: Kind
    rule: str
    keyed: str


@dataclass(frozen=True)
class Audited:
    """An audit. `violations` is the file of its violating keys, if it was written."""

    run: Run
    results: tuple[Result, ...]
    schema_findings: tuple[SchemaFinding, ...]
    schema_rules: tuple[SchemaRule, ...]
    digests: KeyDigests | None
    violations: Path | None
    profile: JsonObject = field(default_factory=dict)

    def compared(self) -> Iterator[Compared]:
        """Yield the rules that were judged and whose keys earlier runs could have, too."""
        for it in self.results:
            if it.status in ("passed", "failed") and self.violations is not None:
                if not it.key_is_digest:
                    yield Compared("rule", it.rule, it.key)
                elif self.digests is not None and self.digests.kind == "key_file":
                    yield Compared("rule", it.rule, f"{it.key} {self.digests.key_id}")
        for rule in self.schema_rules:
            if rule.status == "checked":
                yield Compared("schema", rule.rule, "object")
