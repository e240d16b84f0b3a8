"""Convert items in blocks of one template, and read what became of each."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import log_tail

BLOCK_SECONDS = 60
STAGED = "staged"  # in the folder of a block, where its process can read


@dataclass(slots=True)
class Made:
    """What a block has given.

    Attributes:
        samples: folder of each valid sample by its position.
        ids: of the samples.
        contents: their content hashes.
        invalid: `Reason: message` of each other one.
        log: what the block printed.
        end: its last event.
    """

    samples: dict[int, Path] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    contents: dict[int, str] = field(default_factory=dict)
    invalid: dict[int, str] = field(default_factory=dict)
    log: str = ""
    end: events.Exit | None = None

    def metadata(self, position: int) -> Any:
        """What the converter wrote to the metadata of a sample."""
        body = json.loads((self.samples[position] / "metadata.json").read_bytes())
        return json.loads(body["generator_metadata"])

    def text(self, position: int, name: str) -> str:
        """A text file of a sample."""
        return (self.samples[position] / name).read_text()


class Conversions:
    """Converts items with one converter.

    Args:
        template: started.
        kept: a folder that the samples are moved to.
    """

    def __init__(self, template: GeneratorTemplate, kept: Path) -> None:
        self._template = template
        self._kept = kept
        self._number = itertools.count()

    def rows(self, table: Path, form: str, numbers: Sequence[int], *args: str) -> Made:
        """Convert rows of a table without row groups, or of its first one."""
        items = [
            {"files": {table.name: table}, "table": {"format": form, "group": None, "row": number}}
            for number in numbers
        ]
        return self.convert(items, *args)

    def files(self, *items: Mapping[str, Path], args: Sequence[str] = ()) -> Made:
        """Convert items that are files, each given as its name and the file."""
        return self.convert([{"files": dict(files), "table": None} for files in items], *args)

    def convert(self, items: Sequence[dict[str, Any]], *args: str) -> Made:
        """Convert items as the supervisor stages them, with a table's file as its first one."""
        number, folder = next(self._number), self._template.new_folder()
        (folder / "items.json").write_text(
            json.dumps([_staged(folder, index, item) for index, item in enumerate(items)])
        )
        count = len(items)
        request = BlockRequest(
            block=number, seed=1, count=count, want=count, start=0, dir=folder, args=tuple(args)
        )
        self._template.submit(request)
        made = Made()
        deadline = time.monotonic() + BLOCK_SECONDS
        while made.end is None:
            assert time.monotonic() < deadline, log_tail(folder)
            match self._template.poll(0.05):
                case events.Sample() as event:
                    kept = self._kept / f"{number}-{event.position}"
                    shutil.move(event.folder, kept)
                    made.samples[event.position], made.ids[event.position] = kept, event.id
                    made.contents[event.position] = event.content
                case events.Invalid() as event:
                    failure = event.failure
                    made.invalid[event.position] = f"{failure.reason}: {failure.message}"
                case events.Exit() as event:
                    made.end = event
        made.log = log_tail(folder)
        return made


def _staged(folder: Path, index: int, item: dict[str, Any]) -> dict[str, Any]:
    place = folder / STAGED
    files = {}
    for name, source in item["files"].items():
        copy = place / name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        files[name] = str(copy)
    first = next(iter(files), "")
    table = item["table"]
    key = first if table is None else f"{first}#{table['row']}"
    table = None if table is None else {**table, "file": files[first]}
    return {"index": index, "key": key, "files": files, "table": table}


@contextmanager
def open_converter(
    folder: Path, code: str = "", name: str = "M-import", *, rows: bool = False
) -> Iterator[Conversions]:
    """Start a template of a converter.

    Args:
        folder: an existing private folder.
        code: of its `converter.py`; "" = a first-party one.
        name: its catalogue name.
        rows: it gives rows.
    """
    root = folder / "converter"
    root.mkdir()
    if code:
        (root / "converter.py").write_text(code)
    launch = Launch(
        name="sets", kind="converter", root=str(root) if code else "", rows=rows, converter=name
    )
    template = GeneratorTemplate(launch, folder)
    kept = folder / "kept"
    kept.mkdir()
    try:
        template.start()
        yield Conversions(template, kept)
    finally:
        template.close()
