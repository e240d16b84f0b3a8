"""Find samples with equal content among millions, with bounded memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from vrdata.bounded.closing import Closing
from vrdata.bounded.sorting import RUN_LINES, SortedLines
from vrdata.dataset.manifest import ROWS_RECORD, unit_of
from vrdata.model import Model
from vrdata.text import count

MAX_EXAMPLES = 20


class DuplicateExample(Model):
    """A sample and the first one with the same content, each as `{generator}/{sample id}`."""

    sample: str
    original: str


def compared(file_names: Collection[str]) -> str:
    """What is equal in the duplicates of a run.

    Args:
        file_names: names of its samples' files.
    """
    if ROWS_RECORD not in file_names:
        return "frames and prompt"
    return "rows" if unit_of(file_names) == "item" else "rows or frames and prompt"


def duplicates_line(
    duplicates: int, examples: Sequence[DuplicateExample], file_names: Collection[str]
) -> str:
    """A warning for a person; "" without duplicates. Arguments: as `compared`."""
    if not duplicates:
        return ""
    first = f": {examples[0].sample} equals {examples[0].original}" if examples else ""
    unit = unit_of(file_names)
    equal = f"the {compared(file_names)} of an earlier {unit}"
    return f"warning: {count(duplicates, unit)} with {equal}{first}"


class DuplicateFinder(Closing):
    """Takes samples in any order; a context manager.

    Of samples with equal content the first is the original: the one of the generator that comes
    first in the plan, and within it the one with the lowest index.
    """

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._lines = SortedLines(run_lines)

    def close(self) -> None:
        """See `Closing.close`."""
        self._lines.close()

    def add(self, content: str, position: int, index: int, name: str) -> None:
        """Add a sample.

        Args:
            content: hex digest that equal samples share.
            position: its generator's position in the plan.
            index: its global index.
            name: `{generator}/{sample id}`.
        """
        self._lines.add(f"{content} {position:06d} {index:012d} {name}\n".encode())

    def find(self) -> tuple[Counter[int], tuple[DuplicateExample, ...]]:
        """Duplicates by generator position, and the first MAX_EXAMPLES of them in plan order."""
        counts: Counter[int] = Counter()
        examples = heapq.nsmallest(MAX_EXAMPLES, self._counted(counts))
        return counts, tuple(
            DuplicateExample(sample=name, original=original) for _, _, name, original in examples
        )

    def _counted(self, counts: Counter[int]) -> Iterator[tuple[int, int, str, str]]:
        previous = original = ""
        for line in self._lines:
            content, position, index, name = line.decode().rstrip("\n").split(" ", 3)
            if content != previous:
                previous, original = content, name
                continue
            counts[int(position)] += 1
            yield int(position), int(index), name, original


class RunDuplicates(Closing):
    """Finds duplicates among the samples of a run; a context manager. Threads may share one.

    Args:
        generators: names of the generators, in the order of the plan.
    """

    def __init__(self, generators: Iterable[str]) -> None:
        self._finder = DuplicateFinder()
        self._position = {name: at for at, name in enumerate(generators)}

    def close(self) -> None:
        """See `Closing.close`."""
        self._finder.close()

    def add(self, generator: str, sample_id: str, index: int, content: str) -> None:
        """Add a sample; one whose content is unknown ("") is not a duplicate."""
        if content:
            self._finder.add(content, self._position[generator], index, f"{generator}/{sample_id}")

    def find(self) -> tuple[Counter[int], tuple[DuplicateExample, ...]]:
        """As `DuplicateFinder.find`."""
        return self._finder.find()
