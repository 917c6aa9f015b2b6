"""The result of an audit as values: what results.json holds, and all that reports are drawn from.

Standard library only; imports `expectations`. `encode` and `decode` are the way to JSON and back.
"""

from order_audit.errors import DocumentError
from order_audit.reports.document.applied import Fixes
from order_audit.reports.document.audit import (
    FORMAT,
    ChangedTable,
    Database,
    Document,
    ImpactMeasure,
    Question,
    Requirement,
    RowsAffected,
    Run,
    Summary,
    Table,
    TableImpact,
    Violations,
)
from order_audit.reports.document.codec import JsonObject, decode, encode
from order_audit.reports.document.coverage import Coverage, TableCoverage
from order_audit.reports.document.fix_plan import ChangedRow, FixPlan, PlannedFix
from order_audit.reports.document.gate import FailingRule, FailOn, Gate, Reason
from order_audit.reports.document.given import GivenOptions
from order_audit.reports.document.measured import CountPoint, MeasureBound, Measured, MeasuredValue, ValuePoint
from order_audit.reports.document.result import (
    BaselineChange,
    Cause,
    ChangedVariable,
    Consequence,
    DiagramFacts,
    ErrorPlace,
    Fix,
    Guard,
    KeyOrder,
    Level,
    Overlap,
    Result,
    SchemaCause,
    Status,
)
from order_audit.reports.document.schema import (
    Ddl,
    DdlLine,
    DdlTable,
    LeftOut,
    Obstacle,
    Outcome,
    SchemaFinding,
    SchemaRule,
    Suppression,
)

__all__ = [
    "FORMAT",
    "BaselineChange",
    "Cause",
    "ChangedRow",
    "ChangedTable",
    "ChangedVariable",
    "Consequence",
    "CountPoint",
    "Coverage",
    "Database",
    "Ddl",
    "DdlLine",
    "DdlTable",
    "DiagramFacts",
    "Document",
    "DocumentError",
    "ErrorPlace",
    "FailOn",
    "FailingRule",
    "Fix",
    "FixPlan",
    "Fixes",
    "Gate",
    "GivenOptions",
    "Guard",
    "ImpactMeasure",
    "JsonObject",
    "KeyOrder",
    "LeftOut",
    "Level",
    "MeasureBound",
    "Measured",
    "MeasuredValue",
    "Obstacle",
    "Outcome",
    "Overlap",
    "PlannedFix",
    "Question",
    "Reason",
    "Requirement",
    "Result",
    "RowsAffected",
    "Run",
    "SchemaCause",
    "SchemaFinding",
    "SchemaRule",
    "Status",
    "Summary",
    "Suppression",
    "Table",
    "TableCoverage",
    "TableImpact",
    "ValuePoint",
    "Violations",
    "decode",
    "encode",
]
