"""The episodes of G-tabletop: what was done leads to what was observed."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrdata_generators.api import Params, Sample, sample_rng
from vrdata_generators.builtin.tabletop import (
    ACTIONS,
    BASE,
    MAX_SPEED,
    OBSERVATIONS,
    PIXELS,
    TOLERANCE,
    Arm,
    Tabletop,
)
from vrdata_generators.drawing import COLOURS, INK

SEEDS = st.integers(0, 2**31 - 1)
POSITIONS = st.integers(0, 99)
many = settings(max_examples=settings.default.max_examples // 3)  # drawing is slow


def make(seed: int, position: int) -> tuple[Params, Sample, dict[str, Any], dict[str, Any]]:
    generator = Tabletop()
    params = generator.params(sample_rng(seed, position), position)
    sample = generator.render(params)
    episode = sample.ground_truth["episode"]
    return params, sample, episode["actions"], episode["observations"]


@many
@given(seed=SEEDS, position=POSITIONS)
def test_the_actions_lead_from_each_observation_to_the_next(seed: int, position: int) -> None:
    params, _, actions, observations = make(seed, position)
    arm = Arm(params["upper"], params["fore"])
    angles = list(params["start"])
    seen = dict(zip(observations["timestamps"], observations["values"], strict=True))
    ends = [*actions["timestamps"][1:], actions["timestamps"][-1] + 20_000_000]
    for start, end, action in zip(actions["timestamps"], ends, actions["values"], strict=True):
        if start in seen:
            assert seen[start][:2] == pytest.approx(angles, abs=2e-6)
            assert seen[start][2:4] == pytest.approx(arm.tip((angles[0], angles[1])), abs=2e-6)
        angles = [a + v * (end - start) / 1e9 for a, v in zip(angles, action, strict=True)]
    assert seen[ends[-1]][:2] == pytest.approx(angles, abs=2e-6)


@many
@given(seed=SEEDS, position=POSITIONS)
def test_an_episode_ends_with_the_tip_at_the_target(seed: int, position: int) -> None:
    params, sample, actions, observations = make(seed, position)
    target = params["discs"][0]
    for row in observations["values"]:
        assert row[4:] == [target["x"], target["y"]]
    assert math.dist(observations["values"][-1][2:4], observations["values"][-1][4:]) < TOLERANCE
    assert sample.ground_truth["distance"] < TOLERANCE
    assert max(abs(value) for row in actions["values"] for value in row) <= MAX_SPEED


@many
@given(seed=SEEDS, position=POSITIONS)
def test_actions_come_at_50_hz_and_observations_with_each_frame(seed: int, position: int) -> None:
    _, sample, actions, observations = make(seed, position)
    for series, step, names in (
        (actions, 20_000_000, ACTIONS),
        (observations, 40_000_000, OBSERVATIONS),
    ):
        assert series["names"] == list(names)
        assert {len(row) for row in series["values"]} == {len(names)}
        assert len(series["values"]) == len(series["timestamps"])
        assert series["timestamps"][0] == 0
        assert {b - a for a, b in pairwise(series["timestamps"])} == {step}
    assert sample.fps == 1_000_000_000 // 40_000_000
    assert len(sample.frames) == len(observations["values"])  # type: ignore[arg-type]


@pytest.mark.parametrize("position", range(6))
def test_the_tip_is_drawn_where_each_observation_says(position: int) -> None:
    params, sample, _, observations = make(5, position)
    for frame, row in zip(sample.frames, observations["values"], strict=True):
        x, y = BASE[0] + row[2] * PIXELS, BASE[1] - row[3] * PIXELS
        assert frame.getpixel((round(x), round(y))) == INK
    target = params["discs"][0]
    beside = (round(BASE[0] + row[4] * PIXELS), round(BASE[1] - row[5] * PIXELS))
    ring = {
        sample.final.getpixel((beside[0] + x, beside[1] + y)) for x in (-13, 13) for y in (0, 9)
    }
    assert dict(COLOURS)[target["colour"]] in ring
    assert target["colour"] in sample.prompt


@given(shoulder=st.floats(-1.5, 4.6), elbow=st.floats(0.05, 3.0), bent=st.sampled_from((-1, 1)))
def test_the_angles_for_a_tip_give_that_tip(shoulder: float, elbow: float, bent: int) -> None:
    arm = Arm(0.3, 0.22)
    tip = arm.tip((shoulder, bent * elbow))
    found = arm.reaching(tip, bent)
    assert arm.tip(found) == pytest.approx(tip, abs=1e-9)
    assert found[1] == pytest.approx(bent * elbow, abs=1e-6)
