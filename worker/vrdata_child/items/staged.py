"""The items of a block, as the supervisor has staged them (docs/child-protocol.md, Items)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vrdata_child.items.tables import TableReader
from vrdata_child.raised import depends_on_machine
from vrdata_child.sample.invalid import SampleInvalidError

if TYPE_CHECKING:
    from vrdata_generators.api import Item

ITEMS = "items.json"
INVALID_ITEM = "InvalidItem"


class StagedItems:
    """The items of a block by their position.

    Args:
        folder: of the block.

    Raises:
        OSError, ValueError: there is no list of items, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._items: list[dict[str, Any]] = json.loads((folder / ITEMS).read_bytes())
        self._tables = TableReader()

    def get(self, position: int) -> Item:
        """One item; a row of a table is read now.

        Raises:
            SampleInvalidError: its row cannot be read.
            ImportError: its table needs pyarrow, which the environment does not have.
        """
        from vrdata_generators.api import Item

        found = self._items[position]
        files = {name: Path(path) for name, path in found["files"].items()}
        return Item(found["index"], found["key"], files, self._row(found))

    def _row(self, found: dict[str, Any]) -> dict[str, Any]:
        table = found.get("table")
        if table is None:
            return {}
        place = table["format"], table["file"], table["group"]
        try:
            return self._tables.row(*place, table["row"])
        except ImportError as error:
            raise ImportError(f"a {table['format']} table needs pyarrow: {error}") from None
        except Exception as error:
            if depends_on_machine(error):
                raise
            why = f"{found['key']}: it cannot be read: {error or type(error).__name__}"
            raise SampleInvalidError(INVALID_ITEM, why) from None
