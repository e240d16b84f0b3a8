"""A folder or a bucket whose files are staged together: each file is a part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from vrdata.sources.globs import included
from vrdata.sources.objects.source import ObjectsSource
from vrdata.sources.port import Part, PartFile


class WholeObjects(ObjectsSource):
    """All files below one root, documents and tables too, which are not divided."""

    def _parts(self, limit: int | None, seen: list[str]) -> Iterator[Part]:
        names = (one for one in self._listed(seen) if included(one.name, self._include))
        for first, one in enumerate(islice(names, limit)):
            yield Part(first, 1, (PartFile(*one),))
