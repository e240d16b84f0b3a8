"""Find the sample folders that a generator has written, and the files beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

MAX_DEPTH = 8
REQUIRED = frozenset({"first_frame.png", "prompt.txt"})
# Stems of the files that samples consist of; a folder with one of them is a sample.
_STEMS = {
    *("first_frame", "final_frame", "prompt", "ground_truth", "first_video", "last_video"),
    *("goal", "rubric"),
}
# Alone, they make a folder with a number a sample: other folders can describe a whole task.
_METADATA = {"metadata", "question_metadata"}
_TRAILING_NUMBER = re.compile(r"(\d+)\D*$")
_NUMBERS = re.compile(r"(\d+)")


def last_number(name: str) -> int | None:
    """The last number of a name."""
    match = _TRAILING_NUMBER.search(name)
    return int(match.group(1)) if match else None


@dataclass(frozen=True)
class SampleFolder:
    """A folder with a sample's files, usually `{domain}_task/{id}/`.

    Attributes:
        names: its files, without hidden ones.
        hidden: entries whose names begin with a dot; they are not part of the sample.
        empty: an item without rows; it is no duplicate of another one.
    """

    path: Path
    domain: str
    names: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()
    empty: bool = False

    @property
    def number(self) -> int | None:
        """The last number of the name."""
        return last_number(self.path.name)

    @property
    def pattern(self) -> tuple[Path, str, str]:
        """What the folders of one numbered series share."""
        match = _TRAILING_NUMBER.search(self.path.name)
        if match is None:
            return self.path.parent, self.path.name, ""
        return self.path.parent, self.path.name[: match.start(1)], self.path.name[match.end(1) :]


@dataclass
class Found:
    """What a generator has written.

    Attributes:
        samples: in sample order; a folder of a numbered series that has no file is one of them.
        beside: files, links and hidden entries that belong to no sample, relative to the output.
    """

    samples: list[SampleFolder] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


class SampleFinder:
    """Finds samples again and again while a generator writes them. Links are not followed.

    Args:
        out: the generator's output folder.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._series: set[tuple[Path, str, str]] = set()

    def find(self, written: Sequence[str] = (), *, ended: bool = True) -> Found:
        """All samples below the output folder.

        Args:
            written: their folders relative to the output, in the order in which they were
                begun, if it is known.
            ended: the generator writes no more: folders of a numbered series count as samples
                even when they are empty, and what belongs to no sample is listed.
        """
        search = _Search(self._out)
        if self._out.is_dir():  # a process that was killed at its start has none
            search.visit(self._out, MAX_DEPTH)
        self._series.update(sample.pattern for sample in search.samples)
        found = Found(search.samples, search.beside)
        for folder in search.others if ended else ():
            if folder.number is not None and folder.pattern in self._series:
                found.samples.append(folder)
            else:
                parent = folder.path.relative_to(self._out)
                found.beside += [str(parent / name) for name in (*folder.names, *folder.hidden)]
        found.samples = self._ordered(found.samples, written)
        found.beside.sort()
        return found

    def _ordered(self, samples: list[SampleFolder], written: Sequence[str]) -> list[SampleFolder]:
        """By number; where numbers repeat, as the script wrote them, else by name and folder."""
        numbers = {sample.number for sample in samples}
        if len(numbers) < len(samples) or None in numbers:
            rank = {name: place for place, name in enumerate(written)}
            places = {sample.path: rank.get(self.relative(sample)) for sample in samples}
            if None not in places.values():
                return sorted(samples, key=lambda sample: places[sample.path] or 0)
        return sorted(samples, key=_key)

    def relative(self, sample: SampleFolder) -> str:
        """The sample's folder relative to the output folder."""
        return str(sample.path.relative_to(self._out))


def find_samples(out: Path) -> list[SampleFolder]:
    """All sample folders below `out`, in sample order."""
    return SampleFinder(out).find().samples


def _key(sample: SampleFolder) -> tuple[object, ...]:
    number = sample.number
    natural = [int(part) if part.isdigit() else part for part in _NUMBERS.split(sample.path.name)]
    return number is None, number or 0, natural, sample.path


def _is_part(name: str, *, numbered: bool) -> bool:
    """Whether a file makes its folder a sample, even an incomplete one."""
    stem = name.split(".", 1)[0]
    return stem in _STEMS or (numbered and stem in _METADATA)


class _Search:
    """One walk over an output folder.

    Attributes:
        others: folders that contain neither a sample nor a sample's file.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self.samples: list[SampleFolder] = []
        self.others: list[SampleFolder] = []
        self.beside: list[str] = []

    def visit(self, folder: Path, depth: int) -> bool:
        """Search a folder; whether it is a sample or contains one."""
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        hidden = tuple(entry.name for entry in entries if entry.name.startswith("."))
        names = frozenset(entry.name for entry in entries).difference(folders, hidden)
        this = SampleFolder(folder, self._domain(folder), names, hidden)
        inside = folder != self._out
        if inside and names >= REQUIRED:
            self.samples.append(this)
            return True
        before = len(self.others)
        inner = {name for name in folders if depth and self.visit(folder / name, depth - 1)}
        if inner or not inside:
            place = folder.relative_to(self._out)
            self.beside += [str(place / name) for name in {*names, *hidden} - inner]
            return bool(inner)
        if any(_is_part(name, numbered=this.number is not None) for name in names):
            del self.others[before:]  # they are inside a sample
            self.samples.append(this)
            return True
        self.others.append(this)
        return False

    def _domain(self, folder: Path) -> str:
        """The next `{domain}_task` above a sample, else the folder above it, else its own name."""
        above = [parent.name for parent in folder.parents if self._out in parent.parents]
        task = next((name for name in above if name.endswith("_task")), None)
        if task is not None:
            return task.removesuffix("_task")
        if above:
            return above[0]
        return re.sub(r"[\W_]*\d+\D*$", "", folder.name).removesuffix("_task") or "sample"
