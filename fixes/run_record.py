"""The record of a run: its choices, start and end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import psycopg

from order_audit import session
from order_audit.fixes.planning.decisions import Decisions


def plan_id(choices: Mapping[str, str], decisions: Decisions | None) -> str:
    """Return the identity of a run: its choices and the plan that they were made for."""
    parts: list[Any] = [dict(choices)]
    if decisions is not None:
        parts += [decisions.plan, {rule: asdict(seen) for rule, seen in decisions.reviewed.items()}]
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_begun(connection: psycopg.Connection, plan: str) -> bool:
    """Return whether this plan was started here: then rows differ from the review because of it."""
    if not session.is_true(connection, "select to_regclass(%s) is not null", ["order_audit.run"]):
        return False
    return session.is_true(connection, "select exists (select from order_audit.run where plan = %s)", [plan])


def begin_run(connection: psycopg.Connection, plan: str, choices: Mapping[str, str]) -> tuple[int, int]:
    connection.execute("delete from order_audit.refused")
    since, run = session.row(
        connection,
        "insert into order_audit.run (plan, detail) values (%s, jsonb_build_object('choices', %s::jsonb))"
        " returning (select coalesce(max(id), 0) from order_audit.journal), id",
        [plan, json.dumps(dict(choices))],
    )
    return int(since), int(run)


def end_run(connection: psycopg.Connection, run: int, detail: dict[str, Any]) -> None:
    connection.execute(
        "update order_audit.run set ended_at = clock_timestamp(), detail = detail || %s::jsonb where id = %s",
        [json.dumps(detail), run],
    )
