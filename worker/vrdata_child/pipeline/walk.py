"""A walk of the script over its items: only those of the slice are converted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Protocol

from vrdata_child.hermetic.folders import SampleFinder, SampleFolder
from vrdata_child.raised import ScriptExitError, depends_on_machine, describe

MAX_WORDS = 500  # of the script's output, in a message
_LARGE = 1024  # bytes
ITEMS = "items.txt"
"""In the folder of a block: how many items a walk had that came to its end."""

ItemOf = Callable[[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]], str]


class Reports(Protocol):
    """What becomes of the samples of a walk."""

    def report(self, folder: SampleFolder, item: str = "") -> None:
        """The next sample is written. Raises EnoughSamples after the last one."""

    def failed(self, error: dict[str, str], item: str = "") -> None:
        """The next sample failed. Raises as `report`."""


class Walk:
    """Counts the calls of the step; outside the slice, it does nothing and returns None.

    None is what a step returns for an item that it skips. That the other samples do not depend on
    it is proven when the repository is added.

    Args:
        slice_: indexes of the items to convert.
        out: the output folder.
        log: what the script prints.
        files: names that each sample must have.
        reports: receives each sample of the slice, in order.
        item_of: the name of an item, from the step and its arguments; "" = not known.
    """

    def __init__(  # noqa: PLR0913 - what a walk reads and writes
        self,
        slice_: range,
        out: Path,
        log: Path,
        files: frozenset[str],
        reports: Reports,
        item_of: ItemOf,
    ) -> None:
        self._slice = slice_
        self._finder = SampleFinder(out)
        self._log = log
        self._files = files
        self._reports = reports
        self._item_of = item_of
        self._item = ""  # that is open
        self._items = 0
        self._open = False  # an item of the slice is not reported
        self._printed = 0
        self._result: Any = None
        self._error: dict[str, str] | None = None
        self._pid = os.getpid()

    def step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The step, replaced."""

        @wraps(original)
        def call(*args: Any, **options: Any) -> Any:
            if os.getpid() != self._pid:
                return original(*args, **options)
            self._leave()
            index, self._items = self._items, self._items + 1
            if index not in self._slice:
                return None
            self._item = self._item_of(original, args, options)
            return self._convert(lambda: original(*args, **options))

        return call

    def count(self) -> None:
        """Write how many items the walk had: no item follows, even if the script has failed."""
        (self._log.parent / ITEMS).write_text(str(self._items))

    def end(self) -> None:
        """The script has ended: report its last sample, and what the slice lacks.

        Raises:
            EnoughSamples: all samples of the slice are reported.
        """
        self.count()
        self._leave()
        why = f"the walk has {self._items} items, and this sample needs a later one"
        for _ in range(max(self._slice.start, self._items), self._slice.stop):
            self._reports.failed(_failure("UnderProduction", why))

    def _convert(self, call: Callable[[], Any]) -> Any:
        self._open, self._printed = True, _size(self._log)
        try:
            self._result = call()
        except (Exception, SystemExit) as error:
            if depends_on_machine(error):
                raise
            raised = ScriptExitError.of(error) if isinstance(error, SystemExit) else error
            self._error = describe(raised)
        return self._result

    def _leave(self) -> None:
        """Report the item that was converted last: its files are complete now."""
        if not self._open:
            return
        self._open = False
        result, self._result = self._result, None
        error, self._error = self._error, None
        found = self._finder.find(ended=False).samples
        if error is None:
            error = self._problem(found)
        _lighten(result)
        if error is None:
            self._reports.report(found[0], self._item)
        else:
            self._drop(found)
            self._reports.failed(error, self._item)

    def _problem(self, found: list[SampleFolder]) -> dict[str, str] | None:
        if not found:
            return _failure("SkippedItem", f"the script wrote no sample{self._words()}")
        if len(found) > 1:
            names = ", ".join(one.path.name for one in found[:3])
            return _failure("InvalidItem", f"the item gave {len(found)} samples: {names}")
        missing = sorted(self._files - found[0].names)
        if missing:
            return _failure(
                "MissingFile", f"the script did not write {', '.join(missing)}{self._words()}"
            )
        return None

    def _drop(self, found: list[SampleFolder]) -> None:
        for one in found:
            shutil.rmtree(one.path, ignore_errors=True)

    def _words(self) -> str:
        """What the script printed for the item."""
        sys.stdout.flush()
        with self._log.open("rb") as log:
            log.seek(self._printed)
            said = log.read(4 * MAX_WORDS).decode("utf-8", "replace").strip()
        said = said.replace(f"{self._log.parent}/cwd/", "")
        return f"; it printed: {said[-MAX_WORDS:]}" if said else "; it printed nothing"


def _failure(reason: str, message: str) -> dict[str, str]:
    return {"reason": reason, "message": message, "traceback": ""}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _lighten(result: Any) -> None:
    """Forget large values of an object that the script may keep until its end."""
    fields: Any = getattr(result, "__dict__", None)
    for name, value in list(fields.items()) if isinstance(fields, dict) else ():
        if _bytes_of(value) >= _LARGE:
            fields[name] = None


def _bytes_of(value: Any) -> int:
    size = getattr(value, "size", None)
    if isinstance(size, tuple) and len(size) == 2 and hasattr(value, "getbands"):
        return int(size[0]) * int(size[1])
    nbytes = getattr(value, "nbytes", 0)
    return nbytes if isinstance(nbytes, int) else len(value) if isinstance(value, bytes) else 0
