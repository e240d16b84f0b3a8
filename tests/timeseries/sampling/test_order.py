"""The order of an epoch holds each index once, and the ranks share it without gaps."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.timeseries.sampling.order import Batching, permutation

SIZES = st.integers(0, 200)
SMALL = st.integers(1, 9)
FIRST = [5, 6, 3, 2, 1, 0, 4, 7]
LONG = "84136a8d74bedd45a13a0527df13469f7473a4357eb5674b2fcc03a2d37c1517"


@given(SIZES, st.integers(0, 2**40), st.integers(0, 1000))
def test_an_epoch_holds_each_index_once(size: int, seed: int, epoch: int) -> None:
    assert sorted(permutation(size, seed, epoch)) == list(range(size))


def test_seeds_and_epochs_give_orders_of_their_own() -> None:
    orders = {permutation(50, seed, epoch).tobytes() for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_the_order_is_the_same_with_each_version_of_numpy() -> None:
    """A checkpoint of one installation goes on in another."""
    assert permutation(8, 1, 2).tolist() == FIRST
    digest = hashlib.sha256(permutation(10_000, 7, 3).astype("<i8").tobytes()).hexdigest()
    assert digest == LONG


@pytest.mark.parametrize("wrong", [(-1, 0, 0), (1, -1, 0), (1, 0, -1)])
def test_negative_arguments_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        permutation(*wrong)


@given(SIZES, st.integers(0, 220), SMALL, SMALL, st.booleans())
def test_the_ranks_take_each_index_once_and_equally_many(
    size: int, start: int, batch_size: int, world_size: int, drop_last: bool
) -> None:
    order = permutation(size, 1, 2)
    shared = [Batching(batch_size, drop_last, rank, world_size) for rank in range(world_size)]
    ranks = [list(one.batches(order, start)) for one in shared]
    lengths = {tuple(map(len, batches)) for batches in ranks}
    assert len(lengths) == 1
    assert {len(batches) for batches in ranks} == {shared[0].count(size, start)}
    taken = [index for step in zip(*ranks, strict=True) for batch in step for index in batch]
    wanted = order[start:].tolist()
    if drop_last:
        step = batch_size * world_size
        assert sorted(taken) == sorted(wanted[: len(wanted) // step * step])
    else:
        assert len(taken) - len(wanted) == -len(wanted) % world_size
        assert set(taken) >= set(wanted)
        assert set(taken) - set(wanted) <= set(order[: len(taken) - len(wanted)].tolist())


def test_one_rank_takes_the_order_as_it_is() -> None:
    order = np.array([4, 2, 0, 1, 3])
    assert list(Batching(2).batches(order, 0)) == [[4, 2], [0, 1], [3]]
    assert list(Batching(2, drop_last=True).batches(order, 2)) == [[0, 1]]
