"""Stage 1: recordings to a table of events."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vrdata import __version__
from vrdata.desktop.cores.sampling import down_sampled
from vrdata.desktop.cores.splits import test_names
from vrdata.desktop.recordings.folder import instruction_beside
from vrdata.desktop.recordings.reading import Recording
from vrdata.desktop.stages.facts import FACTS_FILE, Facts, watched
from vrdata.desktop.stages.places import Place, find_places
from vrdata.desktop.stages.result import StageResult, StrictError
from vrdata.desktop.tables.schemas import EVENTS
from vrdata.desktop.tables.writing import DatasetWriter, SplitWriter
from vrdata.errors import InvalidInputError

TRAIN, TEST = "train", "test"
_ROW_BYTES = 40  # of the fixed columns
AHEAD = 2  # recordings for each process that are read before their turn


@dataclass(frozen=True)
class EventsRequest:
    """What stage 1 reads and writes.

    Attributes:
        train: folder of the recordings, or an `s3://` URL.
        test: the same for the test split; None = a share of `train`.
        output: folder of the dataset.
        rates: the most events a second for each topic.
        test_share: of the recordings in `train`; 0 = no test split.
        seed: of the choice.
        recursive: also the folders below.
        workers: number of processes.
        strict: fail at the first recording that is not read completely.
        overwrite: replace an existing dataset.
    """

    train: str
    test: str | None
    output: Path
    rates: dict[str, Fraction]
    test_share: Fraction
    seed: int
    recursive: bool
    workers: int
    strict: bool
    overwrite: bool

    def provenance(self) -> dict[str, Any]:
        """What determines the rows."""
        return {
            "program": f"vrdata {__version__}",
            "stage": "events",
            "rates": {topic: str(rate) for topic, rate in sorted(self.rates.items())},
            "test_share": None if self.test else str(self.test_share),
            "seed": self.seed,
        }


def write_events(request: EventsRequest, report: Callable[[Facts], None]) -> StageResult:
    """Write the events of all recordings, in the order of split, file, time.

    Args:
        request: what to do.
        report: called with each finished recording.

    Raises:
        VrdataError: no recording can be read, or `strict` and one cannot be read completely.
        OSError: the dataset cannot be written.
    """
    with DatasetWriter(request.output, EVENTS, overwrite=request.overwrite) as writer:
        tasks = [
            _Task(place, split, request.rates, writer.part(number))
            for number, (place, split) in enumerate(_assigned(request))
        ]
        done = []
        for task, facts in zip(tasks, _results(tasks, request.workers), strict=True):
            report(facts)
            if request.strict and (facts.failed or facts.losses):
                raise StrictError(facts)
            writer.split(task.split).take(task.part)
            done.append(facts)
        result = StageResult.of(request.output, done, writer.rows(), request.rates)
        result.refuse_empty()
        writer.note(FACTS_FILE, [facts.to_dict() for facts in done])
        writer.finish(request.provenance() | result.to_dict())
    return result


@dataclass(frozen=True)
class _Task:
    """One recording: where it is, and where its rows go."""

    place: Place
    split: str
    rates: dict[str, Fraction]
    part: Path


def _results(tasks: list[_Task], workers: int) -> Iterator[Facts]:
    """Read recordings, in processes if there are several, and return in the order of the tasks."""
    if workers == 1 or len(tasks) == 1:
        yield from map(_read, tasks)
        return
    # `spawn`: the parent can have threads, with which a fork is not safe.
    pool = ProcessPoolExecutor(min(workers, len(tasks)), multiprocessing.get_context("spawn"))
    waiting: deque[Future[Facts]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(_read, task))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _assigned(request: EventsRequest) -> Iterator[tuple[Place, str]]:
    train = find_places(request.train, recursive=request.recursive)
    if request.test is not None:
        test = find_places(request.test, recursive=request.recursive)
        yield from ((place, TRAIN) for place in train)
        yield from ((place, TEST) for place in test)
        return
    chosen = test_names([one.name for one in train], request.test_share, request.seed)
    yield from ((place, TRAIN) for place in train if place.name not in chosen)
    yield from ((place, TEST) for place in train if place.name in chosen)


def _read(task: _Task) -> Facts:
    """Write the rows of one recording to its part."""
    facts = Facts(task.place.file_path, task.split)
    with SplitWriter(task.part, EVENTS) as part, task.place.opened() as (path, media):
        try:
            facts.instruction = instruction_beside(path)
            recording = Recording(path)
        except (InvalidInputError, OSError) as error:
            why = getattr(error, "what", "") or str(error)
            facts.failed = why.replace(
                str(path.with_suffix("")), facts.file_path.removesuffix(path.suffix)
            )
            part.end()
            return facts
        with recording:
            facts.losses, facts.announced = recording.losses, recording.announced
            for event in down_sampled(watched(recording, facts, media), task.rates):
                size = len(facts.file_path) + len(event.msg) + _ROW_BYTES
                part.add((facts.file_path, *event), size)
        part.end()
    facts.kept = part.rows
    return facts
