"""M-import: any dataset of images, prompts and videos, by the usual names of its columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from vrdata_generators.api import Converted, Converter, Item, Options
from vrdata_generators.columns import chosen_columns, row_of_files, value_of
from vrdata_generators.values import as_file, as_json, has_bytes

MEASURED = {"secondsPerSample": 0.05, "peakMemoryBytes": 150_000_000, "bytesPerSample": 200_000}
BLOCK_SIZE = 25  # a process starts in the time of two items; the files of a block are there at once
PROMPT = "Solve this visual reasoning task."


class Import(Converter):
    """One sample of each row of a table, or of each image with the files beside it."""

    name: ClassVar[str] = "M-import"
    domain: ClassVar[str] = "import"

    def convert(self, item: Item, options: Options) -> Iterator[Converted]:
        """Options are FIELD=COLUMN, such as final=solution."""
        row = dict(item.row) or row_of_files(item)
        columns = chosen_columns(row, options)
        used = {field: value_of(row, names) for field, names in columns.items()}
        if used["final"][0] and "goal" not in options:
            del used["goal"]  # it stays with the parameters
        fields = {name: value for name, (_, value) in used.items()}
        taken = {column for column, _ in used.values()}
        base = next(iter(item.files.values())).parent if item.files else None
        yield Converted(
            first=fields["first"],
            final=fields["final"],
            prompt=fields["prompt"] or ("" if columns["prompt"] else PROMPT),
            video=as_file(fields["video"], base),
            first_video=as_file(fields["first_video"], base),
            last_video=as_file(fields["last_video"], base),
            goal=_text(fields.get("goal")),
            domain=_text(fields["domain"]),
            metadata={
                name: as_json(value)
                for name, value in row.items()
                if name not in taken and not has_bytes(value)
            },
        )


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(as_json(value), ensure_ascii=False)
