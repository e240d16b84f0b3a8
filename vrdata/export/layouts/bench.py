"""Layout bench: `GENERATOR/00000/`, the folders of one split of VBVR-Bench. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar

from vrdata.export.layouts.base import (
    FINAL,
    FIRST,
    METADATA,
    PROMPT,
    VIDEO,
    Layout,
    Sample,
    lacking,
)
from vrdata.export.layouts.originals import original_files

NEEDED = (FIRST, FINAL, VIDEO, PROMPT, METADATA)
"""Every instance has them; the evaluators read the symbolic truth in metadata.json."""


class BenchLayout(Layout):
    """All files of a sample; the instances of a generator are numbered from 00000."""

    name: ClassVar[str] = "bench"

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """See Layout."""
        return lacking(NEEDED, names)

    def files(self, sample: Sample) -> Iterator[tuple[str, bytes]]:
        """See Layout."""
        for name, body in original_files(sample).items():
            yield f"{sample.generator}/{sample.number:05d}/{name}", body
