"""The schema that readers of JUnit XML hold it against."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import xmlschema

_SCHEMA: Final = Path(__file__).parents[1] / "junit" / "junit-10.xsd"


@cache
def _schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(_SCHEMA))


def faults(text: str) -> list[str]:
    """What the schema finds wrong with a JUnit XML text. Raises ParseError where it is no XML."""
    root = ElementTree.fromstring(text)
    return [f"{error.path}: {error.reason}" for error in _schema().iter_errors(root)]
