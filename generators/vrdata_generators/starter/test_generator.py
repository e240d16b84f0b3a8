"""Tests of the generator. Run `pytest` in this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata_generators.api import sample_rng
from vrdata_generators.checks import check_sample
from vrdata_generators.registry import load_generator

GENERATOR = load_generator(Path(__file__).with_name("generator.py"))


@pytest.mark.parametrize("position", range(6))
def test_a_sample_follows_the_rules(position: int) -> None:
    check_sample(GENERATOR, seed=42, position=position)


@pytest.mark.parametrize("position", range(30))
def test_the_counter_stays_on_the_track(position: int) -> None:
    params = GENERATOR.params(sample_rng(42, position), position)
    end = GENERATOR.render(params).ground_truth["end"]
    assert params["start"] < end < params["fields"]
