"""Keep what runs compute from the program's own files, at installation: `python -m order_audit.keep`.

Runs keep it themselves where they may write beside the program's modules. An image, or an installation that only its
owner may change, has it by this command, as it has compiled modules by compileall.
"""

from __future__ import annotations

import sys
from pathlib import Path

from order_audit import compiled
from order_audit.errors import OrderAuditError, RunError


def keep() -> None:
    """Keep the rules, the parsed rules and the compiled templates. Raises RunError where nothing can be kept."""
    from order_audit.audit.analysis import parsed_query
    from order_audit.audit.scans.impact import read_set
    from order_audit.domain import domains
    from order_audit.expectations import load, schema_rules, shipped
    from order_audit.reports.html.environment import compile_templates

    key = compiled.key("keep")
    compiled.write(Path(__file__), key, b"kept")
    if sys.dont_write_bytecode:
        raise RunError("Python keeps no compiled modules here: unset PYTHONDONTWRITEBYTECODE, and leave out -B")
    if compiled.read(Path(__file__), key) is None:
        folder = Path(sys.pycache_prefix or Path(__file__).parent)
        raise RunError(f"cannot write below {folder}: run the command as the owner of the installation")
    schema_rules()
    for suite in shipped():
        for rule in load(suite).rules[:1]:
            parsed_query.parse(rule)  # all of its suite
    for related in (impact.related for domain in domains() for impact in domain.impacts):
        if related is not None:
            read_set(related)
    compile_templates()


def main() -> int:
    """Run the command; return its exit code."""
    try:
        keep()
    except OrderAuditError as error:
        print(f"order-audit: {error}", file=sys.stderr)
        return error.exit_code
    print("kept: rules, parsed rules, compiled templates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
