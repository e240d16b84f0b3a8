"""items.json: what a converter's block reads (docs/child-protocol.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vrdata.sources.port import WHOLE, Part
from vrdata_worker.untrusted.folders import entered

NAME = "items.json"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def entries(
    parts: Sequence[Part],
    folder_of: Callable[[Part], Path],
    block: range,
    needed: range,
) -> list[dict[str, Any]]:
    """An entry for each item of a block.

    Args:
        parts: of the needed items, in order.
        folder_of: where a part is staged.
        block: indexes of the block's items.
        needed: those that the shard needs; the others are not staged, and have no key.
    """
    found: list[dict[str, Any]] = []
    following = iter(parts)
    part = next(following, None)
    for item in block:
        if item not in needed:
            found.append({"index": item, "key": "", "files": {}, "table": None})
            continue
        while part is not None and part.first + part.items <= item:
            part = next(following, None)
        if part is None or part.first > item:
            raise ValueError(f"no part has item {item}")
        found.append(_entry(part, folder_of(part), item))
    return found


def write(folder: Path, found: Sequence[dict[str, Any]], name: str = NAME) -> None:
    """Write items.json, or another file, to the folder of a block.

    The generator's template can write to the folder above, so no link is followed.

    Args:
        folder: absolute, without links.
        found: the entries.
        name: of the file, which must not exist.

    Raises:
        OSError: it cannot be written.
    """
    with entered(folder) as place:
        handle = os.open(place / name, _NEW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(list(found), file, ensure_ascii=False)


def _entry(part: Part, folder: Path, item: int) -> dict[str, Any]:
    table = None
    if part.format not in WHOLE:
        table = {
            "format": part.format,
            "file": str(folder / part.files[0].name),
            "group": part.group,
            "row": item - part.first,
        }
    return {
        "index": item,
        "key": part.key(item),
        "files": {file.name: str(folder / file.name) for file in part.files},
        "table": table,
    }
