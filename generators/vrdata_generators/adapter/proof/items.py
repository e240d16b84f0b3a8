"""The first items of a source, staged in the folder of a block on trial."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError
from vrdata.sources.opening import open_source
from vrdata.sources.port import WHOLE, Part

_STAGED = "items"  # the folder in that of the block
_LIST = "items.json"


class TrialItems:
    """The first items of a source.

    Args:
        source: what a run file says.
        limit: the most items.

    Raises:
        InvalidInputError: the source has no item, or a table is damaged.
        VrdataError: it cannot be listed.
    """

    def __init__(self, source: SourceSpec, limit: int) -> None:
        self._source = open_source(source)
        self._parts = list(self._source.resolve(min(limit, source.limit or limit)).parts)
        self.count = sum(part.items for part in self._parts)
        if not self.count:
            raise InvalidInputError(
                f"{source.url} has no item", fix="check --include, or name other data"
            )

    def key(self, item: int) -> str:
        """The key of an item."""
        return self._part(item).key(item)

    def stage(self, folder: Path, start: int, count: int) -> None:
        """Fetch items for a block, and write the list that its child reads.

        Args:
            folder: of the block.
            start: index of its first item.
            count: number of its items.

        Raises:
            VrdataError: they cannot be fetched.
        """
        entries = [self._entry(folder, item) for item in range(start, start + count)]
        (folder / _LIST).write_text(json.dumps(entries), encoding="utf-8")

    def _entry(self, folder: Path, item: int) -> dict[str, Any]:
        part = self._part(item)
        place = folder / _STAGED / str(part.first)
        if not place.exists():
            place.mkdir(parents=True)
            self._source.stage(part, place)
        files = {file.name: str(place / file.name) for file in part.files}
        table = {
            "format": part.format,
            "file": files[part.files[0].name],
            "group": part.group,
            "row": item - part.first,
        }
        return {
            "index": item,
            "key": part.key(item),
            "files": files,
            "table": None if part.format in WHOLE else table,
        }

    def _part(self, item: int) -> Part:
        return next(one for one in self._parts if one.first <= item < one.first + one.items)


def described(folder: Path, names: list[str]) -> str:
    """What a sample consists of, on one line: images with their sizes, the prompt, other files.

    Args:
        folder: of the sample.
        names: of its files.
    """
    found = [_file(folder, name) for name in names if name not in {"metadata.json", "prompt.txt"}]
    if "prompt.txt" in names:
        prompt = " ".join((folder / "prompt.txt").read_text("utf-8").split())
        found.append(f"prompt {prompt[:57] + '…' if len(prompt) > 58 else prompt!r}")
    if "rows.arrow" in names:
        about = json.loads((folder / "metadata.json").read_bytes())
        rows = json.loads(about["generator_metadata"])["parameters"]["rows"]
        found.append(f"rows: {rows}")
    return ", ".join(found)


def _file(folder: Path, name: str) -> str:
    if not name.endswith(".png"):
        return name
    from PIL import Image  # noqa: PLC0415 - the command line is fast without it

    with Image.open(folder / name, formats=["PNG"]) as image:
        return f"{name} {image.width} x {image.height}"
