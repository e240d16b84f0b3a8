"""Layout vbvr: `GENERATOR/DOMAIN_task/ID/`, the folders of the VBVR datasets. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar

from vrdata.export.layouts.base import FIRST, PROMPT, Layout, Sample, lacking
from vrdata.export.layouts.originals import original_files


class VbvrLayout(Layout):
    """All files of a sample, as its generator named them."""

    name: ClassVar[str] = "vbvr"

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """See Layout."""
        return lacking((FIRST, PROMPT), names)

    def files(self, sample: Sample) -> Iterator[tuple[str, bytes]]:
        """See Layout."""
        for name, body in original_files(sample).items():
            yield f"{sample.folder}/{name}", body
