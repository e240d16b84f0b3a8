"""Scripts that end in the middle of a block: finished samples are kept, the failed one is named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.generators.ending import API, FAMILY, HEAD, SCRIPTS
from support.generators.repositories import write_repository
from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.plan.catalogue import Flags
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import log_tail
from vrdata_worker.generate.block import BlockState

pytestmark = pytest.mark.slow

WAYS = ["raise", "memory", "code", "text", "leave", "kill"]
REASONS = {"memory": FailureReason.OUT_OF_MEMORY, "kill": FailureReason.GENERATOR_CRASHED}


class Blocks:
    """Runs blocks of one script, with one template."""

    def __init__(self, folder: Path, script: str, mode: str) -> None:
        files = {"examples/generate.py": HEAD + SCRIPTS[script]} | FAMILY
        root = write_repository(folder / "repository", files)
        launch = Launch(
            "O-square",
            "repository",
            str(root),
            mode=mode,  # type: ignore[arg-type]
            flags=Flags(seed="--seed"),
            sequential=script != "two passes",
        )
        self.template = GeneratorTemplate(launch, folder)
        self.template.start()
        self._folder = folder
        self._numbers = itertools.count()

    @classmethod
    def of_api(cls, folder: Path, code: str) -> Blocks:
        """Blocks of a generator of the API that runs this code before its fifth sample."""
        running = cls.__new__(cls)
        (folder / "api").mkdir()
        (folder / "api/generator.py").write_text(API.replace("CODE", code))
        running.template = GeneratorTemplate(Launch("O-x", "api", str(folder / "api")), folder)
        running.template.start()
        running._folder, running._numbers = folder, itertools.count()
        return running

    def run(self, way: str, at: int, *, kill: bool = False) -> tuple[BlockState, list[int]]:
        """The state after a block of ten, and the positions of its valid samples.

        Args:
            way: how sample `at` fails.
            at: its position.
            kill: kill the block as soon as sample `at` hangs, as for its timeout.
        """
        number = next(self._numbers)
        folder = self.template.new_folder()
        args = ("--way", way, "--at", str(at))
        self.template.submit(BlockRequest(number, 1, 10, 10, number * 10, folder, args))
        state, valid = BlockState(number, number * 10, 10), list[int]()
        if kill:
            state.killed = Failure(reason=FailureReason.SAMPLE_TIMEOUT, message="no new sample")
            wait_until(lambda: self._written(folder) >= at, "the samples before it")
            self.template.poll(5)  # its start
            self.template.kill_block(number)
        while not state.exited:
            match self.template.poll(5):
                case events.Sample() as event:
                    state.reported.add(event.position)
                    valid.append(event.position)
                case events.Invalid() as event:
                    state.invalid(event)
                case events.Exit() as event:
                    state.end(event, log_tail(folder))
        return state, valid

    @staticmethod
    def _written(folder: Path) -> int:
        return len(list(folder.glob("out/*/*/first_frame.png")))


@pytest.fixture(
    scope="module",
    params=[
        ("between", "whole"),
        ("between", "bare"),
        ("within", "whole"),
        ("framework", "stream"),
        ("own dataset", "stream"),
        ("framework", "whole"),
        ("framework", "bare"),
        ("at the end", "whole"),
        ("two passes", "whole"),
    ],
    ids=lambda way: f"{way[0]} {way[1]}",
)
def blocks(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Blocks]]:
    """One kind of script, and its blocks."""
    script, mode = request.param
    running = Blocks(tmp_path_factory.mktemp("blocks"), script, mode)
    yield f"{script} {mode}", running
    running.template.close()


KEEPS = {"between whole", "between bare", "within whole", "framework stream"}
# Only with a loop of its own can a script fail at a sample that nobody can name.
UNKNOWN = {
    "between whole": {0},
    "between bare": {0},
    "within whole": {0},
    "at the end whole": {0, 4, 9},
}


@pytest.mark.parametrize("at", [0, 4, 9])
def test_the_failed_sample_is_named_and_those_before_it_are_kept(
    blocks: tuple[str, Blocks], at: int
) -> None:
    kind, running = blocks
    for way in WAYS:
        state, valid = running.run(way, at)
        if kind == "framework stream" and way in {"raise", "code", "text"}:
            assert valid == [one for one in range(10) if one != at], way
            assert [failure.sample for failure in state.failures] == [state.start + at]
            continue
        assert valid == (list(range(at)) if kind in KEEPS else []), way
        assert state.cause is not None
        assert state.cause.reason is REASONS.get(way, FailureReason.GENERATOR_FAILED), way
        if at in UNKNOWN.get(kind, set()) or kind == "two passes whole":
            assert state.cause.sample is None, way
            assert state.cause.message.startswith("one of the samples"), way
        else:
            assert state.cause.sample == state.start + at, way
        indexes = [failure.sample for failure in state.failures]
        assert indexes == [state.start + one for one in range(10) if one not in valid]


def test_a_block_that_is_killed_for_its_timeout_keeps_what_is_certainly_finished(
    blocks: tuple[str, Blocks],
) -> None:
    kind, running = blocks
    if kind not in {"between whole", "within whole"}:
        return  # the other kinds write nothing by themselves
    state, valid = running.run("hang", 4, kill=True)
    assert state.cause is not None
    assert state.cause.reason is FailureReason.SAMPLE_TIMEOUT
    assert valid in ([0, 1, 2], [0, 1, 2, 3])
    if valid == [0, 1, 2]:
        assert f"one of the samples {state.start + 3}-{state.start + 4}" in state.cause.message
    else:
        assert state.cause.sample == state.start + 4


@pytest.mark.parametrize("code", ["raise ValueError('no')", "sys.exit(3)"])
def test_a_sample_that_a_generator_of_the_api_raises_for_costs_no_other(
    tmp_path: Path, code: str
) -> None:
    running = Blocks.of_api(tmp_path, code)
    state, valid = running.run("", 0)
    running.template.close()
    assert valid == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert [failure.sample for failure in state.failures] == [4]


def test_a_sample_that_kills_a_generator_of_the_api_is_named(tmp_path: Path) -> None:
    running = Blocks.of_api(tmp_path, "os._exit(3)")
    state, valid = running.run("", 0)
    running.template.close()
    assert valid == [0, 1, 2, 3]
    assert state.cause is not None
    assert (state.cause.sample, state.cause.reason) == (4, FailureReason.GENERATOR_FAILED)
