"""The sources of a pipeline on trial: staged once, completely, for all trials."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vrdata.api.source import SourceSpec
from vrdata.plan.pipelines import PipelineSource
from vrdata.sources.opening import open_source
from vrdata_child.pipeline.walk import ITEMS
from vrdata_generators.adapter.pipeline.seen import Seen, read_seen
from vrdata_worker.untrusted.folders import tail_of

_LIST = "sources.json"
_DIGITS = 9


class PipelineData:
    """Sources in a folder of their own.

    Args:
        sources: of the pipeline.
        folder: an existing private folder.

    Attributes:
        folder: the pipeline can read it.
        seen: what the last block has seen.
        items: of its walk; 0 = it did not come to its end.

    Raises:
        VrdataError: a source cannot be listed or fetched.
    """

    def __init__(self, sources: Sequence[PipelineSource], folder: Path) -> None:
        self.folder = folder
        self.seen = Seen()
        self.items = 0
        self._entries = [
            _staged(source, folder / str(number)) for number, source in enumerate(sources)
        ]

    def begin(self, folder: Path) -> None:
        """Write the list of sources to the folder of a block."""
        (folder / _LIST).write_text(json.dumps(self._entries), encoding="utf-8")

    def end(self, folder: Path) -> None:
        """Read what the block has seen."""
        self.seen = read_seen(folder)
        items = tail_of(folder / ITEMS, _DIGITS)
        self.items = int(items) if items.isdigit() else 0


def _staged(source: PipelineSource, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    opened = open_source(
        SourceSpec(
            url=source.url,
            config=source.config,
            revision=source.revision,
            include=source.include,
        )
    )
    for part in opened.resolve(None).parts:
        opened.stage(part, folder)
    _protect(folder.rglob("*"))
    return {
        "place": source.place,
        "serves": list(source.serves) or [source.url],
        "folder": str(folder.resolve()),
        "files": None,
        "socket": "",
    }


def _protect(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_file():
            path.chmod(stat.S_IRUSR | stat.S_IRGRP)
