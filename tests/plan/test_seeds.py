"""Seeds: fixed for ever, and a function of four values alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.plan.seeds import MASK, block_seed

# First eight hex digits of `printf 42/O-maze/0 | sha256sum`, without the highest bit.
GOLDEN = [
    (42, "O-maze", 0, 0, 0xB21FFBE3 & 0x7FFFFFFF),
    (42, "O-maze", 0, 1, 0xCFE70091 & 0x7FFFFFFF),
    (0, "G-1_x", 999_999, 0, 0x65F95E68),
    (2**53 - 1, "M-a", 7, 0, 0xB5217270 & 0x7FFFFFFF),
]

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
NUMBERS = st.integers(0, 2**53 - 1)


@pytest.mark.parametrize(("run_seed", "generator", "block", "retry", "seed"), GOLDEN)
def test_seeds_are_those_that_stored_data_was_made_with(
    run_seed: int, generator: str, block: int, retry: int, seed: int
) -> None:
    assert block_seed(run_seed, generator, block, retry) == seed


@given(run_seed=NUMBERS, generator=NAMES, block=NUMBERS, retry=st.integers(0, 100))
def test_a_seed_fits_into_31_bits_and_is_always_the_same(
    run_seed: int, generator: str, block: int, retry: int
) -> None:
    seed = block_seed(run_seed, generator, block, retry)
    assert 0 <= seed <= MASK
    assert block_seed(run_seed, generator, block, retry) == seed


def test_each_of_the_four_values_changes_the_seed() -> None:
    seeds = {
        block_seed(1, "O-a", 1),
        block_seed(2, "O-a", 1),
        block_seed(1, "O-b", 1),
        block_seed(1, "O-a", 2),
        block_seed(1, "O-a", 1, retry=1),
        block_seed(1, "O-a", 1, retry=2),
    }
    assert len(seeds) == 6


def test_seeds_of_many_blocks_spread_over_their_range() -> None:
    seeds = [block_seed(42, "O-maze", block) for block in range(2000)]
    assert len(set(seeds)) == 2000
    assert 0.45 < sum(seed > MASK // 2 for seed in seeds) / 2000 < 0.55
