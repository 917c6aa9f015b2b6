"""A project of Great Expectations on disk: a data source, a suite, a validation definition, a checkpoint.

The connection is not in it: the data source names an environment variable. Nothing here connects to a database.
"""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import great_expectations as gx
from great_expectations.checkpoint.actions import UpdateDataDocsAction
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
from great_expectations.data_context.data_context.context_factory import project_manager
from great_expectations.data_context.data_context.file_data_context import FileDataContext
from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource
from great_expectations.datasource.fluent.sql_datasource import QueryAsset
from great_expectations.exceptions.exceptions import DataContextRequiredError

from order_audit import search_path
from order_audit.audit.gx.suite import NAMESPACE, store

#: The environment variable with the address of the database, as SQLAlchemy writes it: postgresql+psycopg://…
VARIABLE: Final = "ORDER_AUDIT_GX_URL"
SOURCE: Final = "order_audit"
#: The rules look at the whole database, whatever the asset and the batch are.
_ASSET: Final = "database"
_BATCH: Final = "whole database"


@dataclass(frozen=True)
class Project:
    """The stored objects of a suite."""

    suite: gx.ExpectationSuite
    definition: gx.ValidationDefinition
    checkpoint: gx.Checkpoint


@contextmanager
def opened(folder: Path) -> Iterator[FileDataContext]:
    """Open or create the project in `folder`/gx. The caller's current context does not change."""
    try:
        before: AbstractDataContext | None = project_manager.get_current_project()
    except DataContextRequiredError:
        before = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours to report
        try:
            yield gx.get_context(mode="file", project_root_dir=folder)
        finally:
            project_manager.set_project(before)


def add(context: FileDataContext, suite: gx.ExpectationSuite, *, schema: str = "") -> Project:
    """Add a suite with all that it takes to run it, or replace what has its name.

    `schema` has the schemas that hold the tables, as --schema does; empty for what the connection's search path gives.
    """
    data = _batch(context, schema)
    stored = store(context, suite)
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=suite.name, data=data, suite=stored)
    )
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=suite.name, validation_definitions=[definition], actions=[UpdateDataDocsAction(name="data docs")]
        )
    )
    return Project(stored, definition, checkpoint)


def _batch(context: FileDataContext, schema: str) -> BatchDefinition[Any]:
    """Return the batch of the data source, which is created or replaced; ids do not change."""
    if SOURCE in context.data_sources.all():
        context.data_sources.delete(SOURCE)
    source_id, asset_id, batch_id = (uuid.uuid5(NAMESPACE, name) for name in (SOURCE, _ASSET, _BATCH))
    batch: BatchDefinition[Any] = BatchDefinition(name=_BATCH, id=str(batch_id))
    asset = QueryAsset(name=_ASSET, id=asset_id, query="select 1 as one", batch_definitions=[batch])
    options = {"connect_args": {"options": f"-csearch_path={_escaped(schema)}"}} if schema else {}
    source = PostgresDatasource(
        name=SOURCE, id=source_id, connection_string=f"${{{VARIABLE}}}", kwargs=options, assets=[asset]
    )
    context.add_datasource(datasource=source)  # and not `data_sources.add_postgres`, which connects
    there = context.data_sources.get(SOURCE)
    assert isinstance(there, PostgresDatasource)  # noqa: S101 - it was put there
    definition: BatchDefinition[Any] = there.get_asset(_ASSET).get_batch_definition(_BATCH)
    return definition


def _escaped(schema: str) -> str:
    """The search path of --schema in libpq's `options`, which spaces divide."""
    return search_path.setting(schema).replace("\\", "\\\\").replace(" ", "\\ ")
