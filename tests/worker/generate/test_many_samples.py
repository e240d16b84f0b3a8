"""Among ten thousand samples, one crashes, one hangs and one needs too much memory."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from support.bad.squares import NAME, contents, generate, open_square
from vrdata.contract.reasons import FailureReason
from vrdata.plan.seeds import block_seed

pytestmark = pytest.mark.slow

SAMPLES, BLOCK = 10_000, 100
TIMEOUT = 15.0
BAD = {1234: "crash", 4800: "hang", 7799: "memory"}
REASONS = {
    1234: FailureReason.GENERATOR_CRASHED,
    4800: FailureReason.SAMPLE_TIMEOUT,
    7799: FailureReason.OUT_OF_MEMORY,
}


def place_of(index: int) -> str:
    """The sample as the generator knows it: the seed of its block, and its number there."""
    block, position = divmod(index, BLOCK)
    return f"{block_seed(42, NAME, block)} {position}"


def prompt_of(index: int) -> str:
    """The digest of a sample's prompt."""
    colour = random.Random(place_of(index)).randrange(2**24)  # noqa: S311 - as the generator does
    return hashlib.sha256(f"Paint {colour}.".encode()).hexdigest()


def test_three_bad_samples_of_ten_thousand_cost_three_samples(tmp_path: Path) -> None:
    bad = json.dumps({place_of(index): way for index, way in BAD.items()})
    args = ("--bad", bad, "--per", "sample")
    usual = {}
    with open_square(tmp_path, "stream") as template:
        shard = generate(
            template,
            tmp_path / "disturbed",
            samples=SAMPLES,
            block_size=BLOCK,
            args=args,
            allowed=3,
            timeout=TIMEOUT,
        )
        for index in BAD:
            undisturbed = generate(
                template,
                tmp_path / f"block of {index}",
                samples=BLOCK,
                start=index // BLOCK * BLOCK,
                block_size=BLOCK,
                args=("--bad", "{}", "--per", "sample"),
            )
            usual |= contents(undisturbed)
    made = contents(shard)
    assert set(made) == set(range(SAMPLES)) - set(BAD)
    assert [index for index in made if prompt_of(index) not in made[index]] == []
    assert {index: made[index] for index in usual if index not in BAD} == {
        index: files for index, files in usual.items() if index not in BAD
    }
    assert {one.index: one.reason for one in shard.failed} == REASONS
    lost = {one.index: one.lost_seconds or 0.0 for one in shard.failed}
    assert lost[4800] >= TIMEOUT
    assert shard.lost_seconds == pytest.approx(sum(lost.values()), abs=0.2)
    assert shard.failed[1].message.startswith("no new sample for ")
