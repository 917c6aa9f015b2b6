"""The change that installs a guard."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from order_audit.fixes.emission.journal_change import JOURNAL
from order_audit.fixes.emission.script import deployed, forgotten, patiently, refuse_others, script, where_there
from order_audit.fixes.emission.sqitch import Change
from order_audit.fixes.engine.source import indented
from order_audit.fixes.guarding.guard import Guard, verification
from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement
from order_audit.fixes.guarding.indexes import Index
from order_audit.fixes.guarding.triggers import Trigger

#: The prefix of guards' changes.
GUARD: Final = "guard."


def guard_change(guard: Guard, counted: str, schema: str, before: Collection[str]) -> Change:
    """The change that installs a guard."""
    protects = [rule.id for rule in guard.protects]
    judge = patiently(_judge(guard), ";\n\n".join(filter(None, map(_undo, reversed(guard.objects)))))
    there = "\nand ".join(guard_object.exists_sql() for guard_object in guard.objects)
    body = [_IS_NEW.format(there=indented(indented(there))), judge]
    body += [
        patiently(statement, _undo(guard_object) if statement.how == "long" else "")
        for guard_object in guard.objects
        for statement in guard_object.create_sql()
    ]
    if any(isinstance(guard_object, Trigger) for guard_object in guard.objects):
        body += ["-- a trigger does not check existing rows", judge]
    head = [
        f"{guard.name}: {guard.title}",
        "",
        f"Protects {', '.join(protects)}. Fails without a change if a row violates it; there was none {counted}.",
    ]
    if guard.assumes:
        head += ["", f"Assumes: {guard.assumes}"]
    if guard.locks:
        head += ["", *(f"Locks on {line}." for line in guard.locks)]
    head += [
        "",
        "Statements with strong locks have a short lock_timeout and retries. May be interrupted and run again: an"
        " unfinished object is completed or removed. Do not run it in a transaction.",
    ]
    return Change(
        name=GUARD + guard.name,
        requires=(
            JOURNAL,
            *(rule for rule in protects if rule in before),
            *(GUARD + name for name in guard.after if GUARD + name in before),
        ),
        note=guard.title,
        deploy=script(head, schema, "\n\n".join([deployed(GUARD + guard.name, schema), *body])),
        revert=script(
            [
                f"Removes the guard {guard.name}. Locks as when deployed.",
                "",
                "May be interrupted and run again.",
            ],
            schema,
            "\n\n".join(
                [
                    refuse_others(GUARD + guard.name, schema),
                    *(
                        patiently(statement)
                        if statement.how == "outside"
                        else where_there(patiently(statement), f"{statement.text};")
                        for guard_object in reversed(guard.objects)
                        for statement in guard_object.drop_sql()
                    ),
                    forgotten(GUARD + guard.name, schema),
                ]
            ),
        ),
        verify=script(
            [f"Fails if the guard {guard.name} is missing or not valid. Changes nothing."],
            schema,
            f"{verification(guard)};",
        ),
    )


def _judge(guard: Guard) -> GuardStatement:
    """Return the statement that fails if a new guard would reject a row."""
    rules = ", ".join(rule.id for rule in guard.protects)
    queries = {rules: guard.refuses} if guard.refuses else {rule.id: rule.sql for rule in guard.protects}
    tests = "".join(
        f"""
  if exists (
    select
    from (
      {indented(indented(indented(query))).lstrip()}
    ) as violation
  ) then
    raise exception 'guard {guard.name} is not installed: {name} still has violations'
      using errcode = 'check_violation';
  end if;"""
        for name, query in queries.items()
    )
    text = f"""do $do$
begin
  if not current_setting('order_audit.is_new')::boolean then
    return;
  end if;{tests}
end
$do$"""
    return GuardStatement(text, "long")


def _undo(guard_object: GuardObject) -> str:
    """Return the statements that remove an unfinished guard object."""
    return (
        guard_object.create_sql()[0].text
        if isinstance(guard_object, Index)
        else ";\n\n".join(made.text for made in guard_object.drop_sql())
    )


_IS_NEW: Final = """-- whether this run creates the guard
do $do$
begin
  perform set_config('order_audit.is_new', (
    not (
    {there}
    )
  )::text, false);
end
$do$;"""
