"""A sample that ends its process costs one sample, and the others have their usual bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.bad.squares import Kind, contents, generate, open_square
from vrdata.contract.reasons import FailureReason
from vrdata.plan.seeds import block_seed
from vrdata_generators.api import sample_rng
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.generated import GeneratedShard

pytestmark = pytest.mark.slow

NAME = "O-square"
REASONS = {
    "raise": FailureReason.GENERATOR_FAILED,
    "code": FailureReason.GENERATOR_FAILED,
    "disk": FailureReason.GENERATOR_CRASHED,
    "leave": FailureReason.GENERATOR_FAILED,
    "crash": FailureReason.GENERATOR_CRASHED,
    "memory": FailureReason.OUT_OF_MEMORY,
    "hang": FailureReason.SAMPLE_TIMEOUT,
}
TIMEOUT = 5.0


def colour_of(index: int) -> str:
    """The colour that the generator of the API gives a sample."""
    block, position = divmod(index, 10)
    return str(sample_rng(block_seed(42, NAME, block), position).randrange(2**24))


class Squares:
    """One kind of generator; each shard may have other bad samples."""

    def __init__(self, kind: Kind, folder: Path, template: GeneratorTemplate) -> None:
        self.kind, self._folder, self._template = kind, folder, template
        self._shards = 0

    def shard(
        self, bad: dict[int, str] | None = None, per: str = "block", allowed: int = 10
    ) -> GeneratedShard:
        self._shards += 1
        return generate(
            self._template,
            self._folder / f"scratch {self._shards}",
            args=("--bad", json.dumps(bad or {}), "--per", per),
            timeout=TIMEOUT,
            allowed=allowed,
        )


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Squares]:
    folder = tmp_path_factory.mktemp("stream")
    with open_square(folder, "stream") as template:
        yield Squares("stream", folder, template)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Squares]:
    folder = tmp_path_factory.mktemp("loop")
    with open_square(folder, "loop") as template:
        yield Squares("loop", folder, template)


def failures(shard: GeneratedShard) -> list[tuple[int, str]]:
    return [(one.index, one.reason) for one in shard.failed]


def api_shard(
    folder: Path,
    kind: Kind,
    bad: dict[int, str],
    samples: int,
    tell: Callable[[str], None] = lambda _: None,
) -> GeneratedShard:
    folder.mkdir()
    ways = json.dumps({colour_of(index): way for index, way in bad.items()})
    with open_square(folder, kind, ways) as template:
        return generate(template, folder / "scratch", samples=samples, timeout=TIMEOUT, tell=tell)


def test_every_bad_sample_of_the_api_costs_one_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("vrdata_worker.generate.running.TOLD_SECONDS", TIMEOUT)
    bad = dict(zip((0, 3, 4, 9, 12, 13, 28), REASONS, strict=True))
    disturbed = api_shard(tmp_path / "bad", "api", bad, 30, told.append)
    usual = contents(api_shard(tmp_path / "good", "api", {}, 30))
    assert failures(disturbed) == [(index, REASONS[way]) for index, way in bad.items()]
    assert contents(disturbed) == {
        index: files for index, files in usual.items() if index not in bad
    }
    hung = disturbed.failed[-1]
    assert hung.message.startswith("no new sample for ")
    assert hung.lost_seconds is not None
    assert told[-1].startswith("sample 28: no new sample for ")
    assert TIMEOUT <= hung.lost_seconds <= disturbed.lost_seconds


@pytest.mark.parametrize("kind", ["counting api", "api with a palette"])
def test_samples_of_the_api_that_depend_on_those_before_are_not_made_without_them(
    kind: Kind, tmp_path: Path
) -> None:
    usual = contents(api_shard(tmp_path / "good", kind, {}, 10))
    shard = api_shard(tmp_path / "bad", kind, {4: "crash"}, 10)
    assert contents(shard) == {index: usual[index] for index in range(4)}
    assert [one.index for one in shard.failed] == list(range(4, 10))
    assert shard.failed[1].message.startswith("not generated: it depends on sample 4: ")


def test_a_sample_that_crashes_only_in_a_new_process_shows_that_the_others_depend_on_it(
    tmp_path: Path,
) -> None:
    usual = contents(api_shard(tmp_path / "good", "api", {}, 10))
    shard = api_shard(tmp_path / "bad", "api", {3: "crash first", 4: "crash"}, 10)
    assert contents(shard) == {index: usual[index] for index in range(4)}
    assert failures(shard)[0] == (4, FailureReason.GENERATOR_CRASHED)
    assert all(
        one.message.startswith("not generated: it depends on sample 4: ")
        for one in shard.failed[1:]
    )


@pytest.mark.parametrize("at", [0, 4, 9])
@pytest.mark.parametrize("way", ["raise", "code"])
def test_a_stream_continues_after_a_sample_that_raises(stream: Squares, way: str, at: int) -> None:
    usual = contents(stream.shard())
    shard = stream.shard({at: way})
    assert failures(shard) == [(at, REASONS[way])]
    del usual[at]
    assert contents(shard) == usual


@pytest.mark.parametrize("way", ["disk", "leave", "crash", "memory", "hang"])
def test_a_stream_with_a_seed_for_each_sample_continues_in_a_new_process(
    stream: Squares, way: str
) -> None:
    usual = contents(stream.shard(per="sample"))
    bad = {0: way, 5: "crash", 6: "raise"}
    shard = stream.shard(bad, per="sample")
    assert failures(shard) == [(at, REASONS[how]) for at, how in bad.items()]
    assert contents(shard) == {at: files for at, files in usual.items() if at not in bad}


@pytest.mark.parametrize("at", [0, 4])
def test_a_stream_with_one_seed_keeps_what_does_not_depend_on_a_sample_that_crashes(
    stream: Squares, at: int
) -> None:
    usual = contents(stream.shard())
    shard = stream.shard({at: "crash"})
    assert contents(shard) == {index: usual[index] for index in range(at)}
    crashed, *others = shard.failed
    assert (crashed.index, crashed.reason) == (at, FailureReason.GENERATOR_CRASHED)
    assert {one.message for one in others} == {
        f"not generated: it depends on sample {at}: the generator was killed by signal 11"
    }


def test_a_stream_whose_samples_depend_on_the_first_one_keeps_those_before_a_crash(
    stream: Squares,
) -> None:
    usual = contents(stream.shard(per="palette"))
    shard = stream.shard({4: "crash"}, per="palette")
    assert contents(shard) == {index: usual[index] for index in range(4)}


@pytest.mark.parametrize("at", [0, 4, 9])
def test_the_bad_sample_of_a_script_that_writes_at_the_end_is_found(loop: Squares, at: int) -> None:
    for way in ("raise", "leave", "crash"):
        with pytest.raises(ShardFailedError) as caught:
            loop.shard({at: way}, allowed=0)
        assert (caught.value.failure.sample, caught.value.failure.reason) == (at, REASONS[way])


def test_the_sample_that_hangs_in_a_script_that_writes_at_the_end_is_found(loop: Squares) -> None:
    shard = loop.shard({4: "hang"})
    assert failures(shard) == [(index, FailureReason.SAMPLE_TIMEOUT) for index in range(10)]
    alone = shard.failed[4]
    assert alone.lost_seconds is not None
    assert alone.lost_seconds == pytest.approx(shard.lost_seconds, abs=0.1)
    assert shard.failed[5].message.startswith("not generated: its block ended at sample 4: ")
