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
from vrdata_child.items.staged import INVALID_ITEM, StagedItems
from vrdata_child.items.written import safe_domain, write_sample
from vrdata_child.sample.invalid import SampleInvalidError

if TYPE_CHECKING:
    from vrdata_generators.api import Converter, Item


@cache
def load(name: str, root: str) -> Converter:
    """The converter of this name, or the one in `root/converter.py`.

    Raises:
        Exception: whatever the converter's module raises.
    """
    from vrdata_generators.registry import get_converter, load_converter

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
        made = self._only(item)
        domain = safe_domain(made.domain) or self._converter.domain
        folder = self._out / f"{domain}_task" / f"{domain}_{position:08d}"
        folder.mkdir(parents=True)
        try:
            write_sample(folder, self._converter, item, made)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return SampleFolder(folder, domain)

    def _only(self, item: Item) -> Any:
        """The one sample of an item."""
        from vrdata_generators.api import Converted

        found = list(islice(_results(self._converter, item, self._options), 2))
        if len(found) != 1:
            what = "no sample" if not found else "more than one sample"
            raise SampleInvalidError(INVALID_ITEM, f"{item.key} gives {what}")
        if not isinstance(found[0], Converted):
            what = type(found[0]).__name__
            raise SampleInvalidError(INVALID_ITEM, f"{item.key} gives {what}, not a Converted")
        return found[0]


def _results(converter: Converter, item: Item, options: Mapping[str, str]) -> Iterator[Any]:
    """What the converter gives; its ValueError is the item's failure."""
    try:
        yield from converter.convert(item, options)
    except ValueError as error:
        raise SampleInvalidError(INVALID_ITEM, f"{item.key}: {error}") from error
