"""Import a large library without the large ones that it imports in turn and that nobody is going to touch."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


@contextmanager
def lazily(*names: str) -> Iterator[None]:
    """While it lasts, this thread imports the modules of these names without running them.

    A module is run when something first looks into it, be that later: an attribute of it, a name imported from it, a
    module below it, a second import. What is not installed is missing at once, as ever. Other threads import as they
    always do.

    For a program's own process, not for somebody else's, since LazyLoader has limits: in older releases of Python, two
    threads must not be the first ones to look into a module at the same time; and a module below one that was not run
    yet is run twice where the upper one imports it.
    """
    finder = _Finder(frozenset(names), threading.get_ident())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, names: frozenset[str], thread: int) -> None:
        self._names = names
        self._thread = thread

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names or threading.get_ident() != self._thread:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec
