"""Episodes of a finished run: those that the ground truth of its samples has."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata.dataset.finish.summary import require_finished
from vrdata.dataset.plans import load_plan
from vrdata.errors import InvalidInputError
from vrdata.export.layouts.base import FIRST, METADATA, PROMPT, Sample, video_name
from vrdata.export.samples import iter_samples
from vrdata.store.port import ObjectStore
from vrdata.timeseries.convert.media import Keep
from vrdata.timeseries.table.episode import Episode, Stamps, Steps
from vrdata.timeseries.table.faults import find_faults
from vrdata.timeseries.table.schema import SERIES, Names


@dataclass(frozen=True, slots=True)
class Found:
    """A sample with an episode."""

    sample: Sample
    truth: dict[str, Any]

    @property
    def names(self) -> Names:
        """Names of the values of actions and observations."""
        return {column: list(self.truth[column].get("names") or ()) for column in SERIES}


def find_episodes(run: ObjectStore, skipped: Callable[[Sample], None]) -> Iterator[Found]:
    """The samples of a run whose ground truth has an `episode`, in the order of the run.

    Args:
        run: the run's own store.
        skipped: called for each other sample.

    Raises:
        InvalidInputError: an episode is not complete, or the run is damaged.
        NotFoundError, DigestMismatchError, StorageError: as `iter_samples`.
    """
    plan = load_plan(run)
    require_finished(run)
    for sample in iter_samples(run, plan):
        truth = _truth(sample)
        if truth is None:
            skipped(sample)
            continue
        yield Found(sample, truth)


def run_episodes(
    found: Iterator[Found], names: Names, keep: Keep
) -> Generator[Episode, None, None]:
    """The episodes of samples, with first frame and video; one sample is in memory.

    Args:
        found: the samples.
        names: of the values; those of all samples.
        keep: stores images and videos.

    Raises:
        InvalidInputError: an episode is not valid, or has other names; it names the sample.
    """
    for row, one in enumerate(found):
        if one.names != names:
            raise _invalid(one.sample, "its values have other names than those of row 0")
        episode = _episode(one, row, keep)
        for fault in find_faults(episode):
            raise _invalid(one.sample, str(fault))
        yield episode


def _truth(sample: Sample) -> dict[str, Any] | None:
    """The episode of a sample; None = it has none. Raises InvalidInputError."""
    if METADATA not in sample.files:
        raise InvalidInputError(
            f"{sample.generator} has rows, not samples",
            fix="its files in data/ are tables of time series already, if its converter makes them",
        )
    try:
        own = json.loads(json.loads(sample.files[METADATA])["generator_metadata"] or "{}")
    except (ValueError, KeyError, TypeError):
        raise _invalid(sample, f"its {METADATA} is not that of a sample") from None
    truth = own.get("ground_truth")
    episode = truth.get("episode") if isinstance(truth, dict) else None
    if episode is None:
        return None
    for column in SERIES:
        series = episode.get(column) if isinstance(episode, dict) else None
        if not isinstance(series, dict) or not {"values", "timestamps"} <= series.keys():
            raise _invalid(sample, f"its episode has no values and timestamps of {column}")
    return dict(episode)


def _episode(found: Found, row: int, keep: Keep) -> Episode:
    sample, truth = found.sample, found.truth
    actions, actions_timestamps = _series(sample, truth, "actions")
    observations, observations_timestamps = _series(sample, truth, "observations")
    image, video = sample.files.get(FIRST), video_name(sample.files)
    return Episode(
        text=sample.files[PROMPT].decode(),
        actions=actions,
        actions_timestamps=actions_timestamps,
        observations=observations,
        observations_timestamps=observations_timestamps,
        image=keep(row, FIRST, image) if image else None,
        video=keep(row, video, sample.files[video]) if video else None,
        video_start=0 if video else None,
    )


def _series(sample: Sample, truth: dict[str, Any], column: str) -> tuple[Steps, Stamps]:
    try:
        values: NDArray[np.float64] = np.array(truth[column]["values"], np.float64)
        given = truth[column]["timestamps"]
        if not all(type(stamp) is int for stamp in given):
            raise TypeError("its timestamps are not integers, in nanoseconds")
        stamps: NDArray[np.int64] = np.array(given, np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise _invalid(sample, f"{column} of its episode: {error}") from None
    return values, stamps


def _invalid(sample: Sample, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"{sample.generator}/{sample.id} has no usable episode",
        why=why,
        fix="docs/timeseries-convert.md describes what the ground truth of a sample must have",
    )
