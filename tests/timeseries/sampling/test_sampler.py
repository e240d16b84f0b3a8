"""Training goes on at the next batch, also with another number of ranks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.errors import InvalidInputError
from vrdata.timeseries.sampling.order import Batching, Blocks
from vrdata.timeseries.sampling.sampler import StatefulSampler

SHARED = ("batch_size", "rank", "world_size", "drop_last")


def sampler(**changes: object) -> StatefulSampler:
    """A sampler of 23 samples in batches of 4."""
    values: dict[str, Any] = {"size": 23, "batch_size": 4, "seed": 5} | changes
    shared = {name: values.pop(name) for name in SHARED if name in values}
    return StatefulSampler(batching=Batching(**shared), **values)


def fetched_ahead(one: StatefulSampler) -> Iterator[list[int]]:
    """As the workers of a loader do: all indices are taken before the first batch is given."""
    yield from list(one)


BLOCKS = Blocks(np.array([0, 6, 6, 13, 17, 23]), mixed=2)


@pytest.mark.parametrize("order", [{}, {"shuffle": False}, {"blocks": BLOCKS}])
def test_interrupted_at_each_batch_it_gives_the_epoch_of_an_undisturbed_run(
    tmp_path: Path, order: dict[str, object]
) -> None:
    undisturbed = list(sampler(**order))
    for stop in range(len(undisturbed) + 1):
        first, path = sampler(**order), tmp_path / f"{stop}.json"
        got = []
        first.save(path)
        for batch in first.track(fetched_ahead(first)):
            if len(got) == stop:
                break
            got.append(batch)
            first.save(path)
        again = sampler(**order)
        again.load(path)
        assert len(again) == len(undisturbed) - stop
        assert got + list(again.track(fetched_ahead(again))) == undisturbed
        assert (again.epoch, again.next) == (1, 0)


def test_a_batch_that_was_not_saved_is_given_again(tmp_path: Path) -> None:
    one, path = sampler(), tmp_path / "at.json"
    batches = one.track(one)
    next(batches)
    one.save(path)
    lost = next(batches)
    again = sampler()
    again.load(path)
    assert next(iter(again)) == lost


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 4), st.integers(1, 5))
def test_after_a_change_of_the_ranks_no_sample_is_left_out_or_repeated(
    before: int, after: int, steps: int, batch_size: int
) -> None:
    done: list[int] = []
    state = sampler().state()
    for rank in range(before):
        one = sampler(rank=rank, world_size=before)
        batches = one.track(fetched_ahead(one))
        for _ in range(min(steps, len(one) - 1)):
            done += next(batches)
        state = one.state()
    for rank in range(after):
        one = sampler(rank=rank, world_size=after, batch_size=batch_size)
        one.restore(state)
        done += [index for batch in one for index in batch]
    assert set(done) == set(range(23))
    assert len(done) - 23 < max(after, 1)


def test_the_next_epoch_has_another_order() -> None:
    one = sampler()
    first = list(one.track(fetched_ahead(one)))
    second = list(one.track(fetched_ahead(one)))
    assert one.epoch == 2
    assert first != second
    assert sorted(chain(*first)) == sorted(chain(*second))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"size": 24}, "size"),
        ({"seed": 6}, "seed"),
        ({"shuffle": False}, "shuffle"),
        ({"fingerprint": "sha256:b"}, "fingerprint"),
    ],
)
def test_a_checkpoint_of_another_order_is_refused(change: dict[str, object], field: str) -> None:
    state = sampler(fingerprint="sha256:a").state()
    with pytest.raises(InvalidInputError, match=f"its {field} is"):
        sampler(**({"fingerprint": "sha256:a"} | change)).restore(state)


def test_a_fingerprint_that_is_not_known_is_not_compared() -> None:
    sampler().restore(sampler(fingerprint="sha256:a").state())


@pytest.mark.parametrize("count", [5, 7])
def test_a_loader_that_gives_another_number_of_batches_is_an_error(count: int) -> None:
    one = sampler()
    with pytest.raises(RuntimeError, match="the 6 batches"):
        list(one.track(range(count)))


@pytest.mark.parametrize(
    "wrong",
    [{"size": -1}, {"batch_size": 0}, {"seed": -1}, {"rank": 1}, {"rank": -1}, {"world_size": 0}],
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|is not in"):
        sampler(**wrong)


def test_blocks_are_shuffled_some_at_a_time_and_differ_in_each_epoch() -> None:
    blocks = Blocks(np.arange(0, 101, 10), mixed=3)
    orders = [blocks.permutation(5, epoch).tolist() for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]
    for order in orders:
        assert sorted(order) == list(range(100))
        turns = [{index // 10 for index in order[at : at + 30]} for at in range(0, 100, 30)]
        assert [len(turn) for turn in turns] == [3, 3, 3, 1]
        assert order[:30] != sorted(order[:30])
        assert len({index // 10 for index in order[:6]}) > 1


def test_a_checkpoint_of_other_blocks_is_refused() -> None:
    state = sampler(blocks=BLOCKS).state()
    for other in ({}, {"blocks": Blocks(BLOCKS.bounds, mixed=3)}):
        with pytest.raises(InvalidInputError, match="another order: its blocks"):
            sampler(**other).restore(state)
    with pytest.raises(ValueError, match="the blocks end at 23, and the dataset at 24"):
        sampler(size=24, blocks=BLOCKS)
