"""Pin the sources of a pipeline: all files of each place, as they are when the run begins."""

from __future__ import annotations

from collections.abc import Sequence

from vrdata.api.source import SourceSpec
from vrdata.dataset import layout
from vrdata.errors import InvalidInputError
from vrdata.plan.pipelines import PipelineSource
from vrdata.plan.sources import ITEMS_SHARE, PinnedPlace, PlannedPlace
from vrdata.sources.lists import ListedSource, SourceList
from vrdata.text import count, human_bytes

_CLUSTER = 4096  # bytes: a smaller file takes as much space
_UNPACKED = 2  # an archive and its files are on the disk at the same time


def listed_place(name: str, number: int, place: PipelineSource, revision: str) -> ListedSource:
    """A place as a source with a list.

    Args:
        name: of the generator in the run.
        number: of the place among the pipeline's.
        place: its source.
        revision: to read.
    """
    spec = SourceSpec(url=place.url, config=place.config, revision=revision, include=place.include)
    return ListedSource(layout.place_key(name, number), spec, whole=True)


def pinned_place(name: str, place: PipelineSource, found: SourceList) -> PinnedPlace:
    """A place that was resolved.

    Raises:
        InvalidInputError: it has to be one archive, and has several files.
    """
    if place.unpack and found.parts.items > 1:
        raise InvalidInputError(
            f"{name}: {place.url} has {count(found.parts.items, 'file')}",
            why=f"{place.place} expects one archive, which is unpacked",
            fix="name the archive in url, or include only its name",
        )
    planned = PlannedPlace(
        place=place.place,
        url=place.url,
        config=place.config,
        include=place.include,
        revision=found.revision,
        items=found.parts.items,
        parts=found.parts.parts,
        bytes=found.needs.bytes,
        digest=found.parts.digest,
        unpack=place.unpack,
        ranges=place.ranges,
        serves=place.serves,
        licence=found.licence or place.licence,
        terms=place.terms,
    )
    return PinnedPlace(requested=place, source=planned)


def require_place_room(name: str, places: Sequence[PlannedPlace], room: int) -> None:
    """Refuse sources that no worker can stage, before one tries to.

    Args:
        name: of the generator in the run.
        places: what it reads.
        room: scratch space for the sources of a block, in bytes; 0 = it is not known.

    Raises:
        InvalidInputError: they need more.
    """
    staged = {one.place: _staged_bytes(one) for one in places}
    needed = sum(staged.values())
    if not 0 < room < needed:
        return
    each = ", ".join(f"{place} {human_bytes(size)}" for place, size in staged.items() if size)
    raise InvalidInputError(
        f"{name}: its sources need {human_bytes(needed)} of scratch space",
        why=f"a worker has {human_bytes(room)} of it for the sources of a block, and stages each "
        f"source as a whole: {each}",
        fix="name smaller sources in sources, or fewer files in include, or raise "
        "classes.M.ephemeralStorage of the profile to at least "
        f"{human_bytes(needed * ITEMS_SHARE * 4 // 3)}",
    )


def _staged_bytes(place: PlannedPlace) -> int:
    """Scratch space of a place; 0 if its files are read by ranges."""
    if place.ranges:
        return 0
    size = place.bytes + _CLUSTER * place.items
    return size * _UNPACKED if place.unpack else size
