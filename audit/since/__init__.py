"""Incremental audits: what has changed since an earlier audit, and which verdicts that can have changed."""

from __future__ import annotations
