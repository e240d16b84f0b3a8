"""What the samples of a trial contain, and what is wrong with it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vrdata.text import count
from vrdata_generators.adapter.proof.results import TrialResult

_FRAMES = ("first_frame.png", "final_frame.png")


def usual_files(trial: TrialResult) -> tuple[str, ...]:
    """The names that more than half of the samples have: an incomplete one does not count."""
    names = Counter(name for sample in trial.samples.values() for name in sample.files)
    return tuple(sorted(name for name in names if 2 * names[name] > len(trial.samples)))


def doubts(trial: TrialResult, files: tuple[str, ...]) -> Iterator[str]:
    """A warning about each incomplete sample, and about those that show nothing new at their end.

    Args:
        trial: of a walk.
        files: names that each sample must have.
    """
    for sample in trial.samples.values():
        missing = [name for name in files if name not in sample.files]
        if missing:
            yield f"{sample.id} lacks {', '.join(missing)}, which most samples have"
    still = [sample.id for sample in trial.samples.values() if _is_still(sample.pixels)]
    if still:
        samples = count(len(still), "sample")
        yield f"the first and the final frame of {samples} are equal, as in {still[0]}"


def _is_still(pixels: dict[str, str]) -> bool:
    first, final = (pixels.get(name) for name in _FRAMES)
    return first is not None and first == final
