"""Convert the items of a block: each gives one sample, or the rows of one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vrdata_child.hermetic.folders import SampleFolder
from vrdata_child.items.rows import write_columns, write_rows
from vrdata_child.items.staged import INVALID_ITEM, StagedItems
from vrdata_child.items.written import safe_domain, write_metadata, write_sample
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.names import COLUMNS, ROWS

if TYPE_CHECKING:
    from vrdata_generators.api import Converted, Converter, Item


def load(request: Mapping[str, Any]) -> Converter:
    """The converter of a `load` packet, imported once.

    Raises:
        ValueError: it gives samples and the catalogue says rows, or the other way round.
        Exception: whatever the converter's module raises.
    """
    name = request.get("converter") or request["name"]
    found = _imported(name, request["root"])
    if (found.schema is not None) != bool(request.get("rows")):
        what = "rows" if found.schema is not None else "samples"
        raise ValueError(f"{name} gives {what}, and the catalogue says otherwise: add it again")
    return found


def declare(converter: Converter, folder: Path) -> None:
    """Write the columns of the rows: a shard has them even if all of its items fail."""
    if converter.schema is not None:
        write_columns(folder / COLUMNS, converter.schema)


@cache
def _imported(name: str, root: str) -> Converter:
    from vrdata_generators.images import prepare
    from vrdata_generators.registry import get_converter, load_converter

    prepare()
    with contextlib.suppress(ImportError):  # an environment that reads no tables
        import_module("pyarrow.parquet")  # once, not in each block
    return load_converter(Path(root) / "converter.py") if root else get_converter(name)


def options_of(args: Sequence[str]) -> dict[str, str]:
    """The options of a block request, each `name=value`.

    Raises:
        SampleInvalidError: one has no `=`.
    """
    pairs = [one.partition("=") for one in args]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise SampleInvalidError("GeneratorFailed", f"{name!r} is not an option name=value")
    return {name: value for name, _, value in pairs}


class Conversion:
    """Converts the items of one block.

    Args:
        converter: it is used for all of them.
        folder: of the block; it contains `items.json`.
        out: the block's output folder.
        args: options, each `name=value`.

    Raises:
        OSError, ValueError: there is no list of items, or it is damaged.
        SampleInvalidError: an option is invalid.
    """

    def __init__(self, converter: Converter, folder: Path, out: Path, args: Sequence[str]) -> None:
        self._converter = converter
        self._out = out
        self._items = StagedItems(folder)
        self._options = options_of(args)

    def convert(self, position: int) -> SampleFolder:
        """Convert one item; the output folder stays empty if that fails.

        Raises:
            SampleInvalidError: the item cannot be read or converted.
            BaseException: whatever the converter raises, except a ValueError.
        """
        item = self._items.get(position)
        try:
            return self._write(item, position)
        except SampleInvalidError as error:
            if error.reason != INVALID_ITEM:
                raise
            message = f"{item.key}: {error.message}"
            raise SampleInvalidError(error.reason, message) from error.__cause__

    def _write(self, item: Item, position: int) -> SampleFolder:
        converter = self._converter
        results = _results(converter, item, self._options)
        sample = _only(results) if converter.schema is None else None
        domain = (safe_domain(sample.domain) if sample else "") or converter.domain
        folder = self._out / f"{domain}_task" / f"{domain}_{position:08d}"
        folder.mkdir(parents=True)
        empty = False
        try:
            if sample is not None:
                write_sample(folder, converter, item, sample)
            else:
                rows = write_rows(folder / ROWS, results, converter.schema)
                empty = rows == 0
                write_metadata(folder, converter, {"rows": rows}, {"source_key": item.key})
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return SampleFolder(folder, domain, empty=empty)


def _only(results: Iterator[Any]) -> Converted:
    """The one sample of an item."""
    from vrdata_generators.api import Converted

    found = list(islice(results, 2))
    if len(found) != 1:
        what = "no sample" if not found else "more than one sample"
        raise SampleInvalidError(INVALID_ITEM, f"the converter gives {what}")
    if not isinstance(found[0], Converted):
        what = type(found[0]).__name__
        raise SampleInvalidError(INVALID_ITEM, f"the converter gives {what}, not a Converted")
    return found[0]


def _results(converter: Converter, item: Item, options: Mapping[str, str]) -> Iterator[Any]:
    """What the converter gives; its ValueError is the item's failure."""
    try:
        yield from converter.convert(item, options)
    except ValueError as error:
        raise SampleInvalidError(INVALID_ITEM, str(error)) from error
