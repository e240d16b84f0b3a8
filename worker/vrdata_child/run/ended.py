"""A block that ended early: which samples are finished, and which one failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vrdata_child.hermetic.folders import SampleFolder
from vrdata_child.run.journal import Progress


@dataclass(frozen=True)
class Written:
    """A sample folder that was not reported, and its name in the journal."""

    name: str
    folder: SampleFolder


@dataclass(frozen=True)
class Ending:
    """What became of the samples that were not reported before the end.

    Attributes:
        finished: the next samples of the block, complete.
        failed: first and last position; one of these samples failed. None = none did.
    """

    finished: tuple[SampleFolder, ...]
    failed: tuple[int, int] | None


def ending(
    written: Sequence[Written],
    progress: Progress,
    *,
    reported: int,
    count: int,
    sequential: bool,
) -> Ending:
    """Find the finished samples of a script that ended early, and the one that failed.

    A folder is finished when the script has begun the next one. It counts only if the generator
    is known to finish each sample before it begins the next, and if its position is certain: the
    folders before it are numbered without a gap, in the order in which they were written.

    Args:
        written: the folders that were not reported, in sample order.
        progress: what the journal says.
        reported: samples that were reported before.
        count: samples of the block.
        sequential: the generator is known to finish each sample before it begins the next.
    """
    last = count - 1
    if not written or not sequential:
        return Ending((), _of_pairs(progress, reported, last))
    if not progress.in_order or not _numbered(written, progress):
        return Ending((), _range(reported, last, last))
    finished = _finished(written, progress)
    first = reported + len(finished)
    # Was the last folder complete, and the next one not begun?
    doubtful = len(finished) + 1 == len(written) and not _lacks_files(written)
    bounds = _range(first, first + doubtful, last)
    if progress.pairs and bounds is not None:
        bounds = bounds[0], max(bounds[0], min(bounds[1], len(progress.pairs) - 1))
    return Ending(finished, bounds)


def _range(first: int, end: int, last: int) -> tuple[int, int] | None:
    return (first, min(end, last)) if first <= last else None


def _of_pairs(progress: Progress, reported: int, last: int) -> tuple[int, int] | None:
    """Which sample failed when none is on disk: the framework's calls are counted."""
    begun = len(progress.pairs)
    if len(progress.callers) > 1:
        return _range(reported, last, last)
    if progress.held:
        return _range(reported, begun - 1, last)
    if not begun or (begun > last and not progress.in_call):
        return _range(reported, last, last)  # while it chose or wrote the samples
    failed = begun - 1 if progress.in_call else begun
    return _range(max(reported, failed), max(reported, failed), last)


def _finished(written: Sequence[Written], progress: Progress) -> tuple[SampleFolder, ...]:
    unfinished = set(progress.unfinished.values())
    finished = []
    for one in written:
        begun = one.name in progress.folders and one.folder.names
        doubtful = one is written[-1] and _lacks_files(written)
        if not begun or one.name in unfinished or doubtful:
            break
        finished.append(one.folder)
    return tuple(finished)


def _lacks_files(written: Sequence[Written]) -> bool:
    """Whether the last of these samples lacks a file that one before it has."""
    before = frozenset().union(*(one.folder.names for one in written[:-1]))
    return not before <= written[-1].folder.names


def _numbered(written: Sequence[Written], progress: Progress) -> bool:
    """Whether the samples were begun in this order, and no number is missing."""
    names = [one.name for one in written if one.name in progress.folders]
    if names != [name for name in progress.folders if name in set(names)]:
        return False
    numbers = [one.folder.number for one in written]
    if None in numbers or len(set(numbers)) < len(numbers):
        return True  # the order of writing decides
    known = [number for number in numbers if number is not None]
    return known == list(range(known[0], known[0] + len(known)))


def without_half(written: Sequence[Written], missing: int) -> Sequence[Written]:
    """The samples of a script that ended without an error, but wrote too few.

    Its last one is dropped when it lacks a file that another one has.
    """
    return written[:-1] if missing and len(written) > 1 and _lacks_files(written) else written


def missing_of(
    kept: Sequence[Written], written: int, reported: int, count: int
) -> tuple[int, int] | None:
    """Which samples may be missing of a script that ended without an error; None = none.

    Args:
        kept: the samples that are reported now.
        written: how many it wrote.
        reported: how many were reported before.
        count: samples of the block.
    """
    first = reported + len(kept)
    if first >= count:
        return None
    numbers = [one.folder.number for one in kept]
    known = sorted(number for number in numbers if number is not None)
    gaps = bool(known) and known != list(range(known[0], known[0] + len(numbers)))
    if not first or (gaps and len(kept) == written):
        return reported, count - 1
    return first, first
