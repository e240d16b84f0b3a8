"""Ground truth of the G generators, checked against conservation laws and against the pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vrdata_generators.api import Params, Sample, sample_rng
from vrdata_generators.builtin.bouncing_balls import ROOM, Ball, collide, simulate
from vrdata_generators.builtin.occlusion import LANES, RADIUS, SCREEN
from vrdata_generators.builtin.pendulum import BOB, GRAVITY, PIXELS, energy, swing
from vrdata_generators.drawing import COLOURS
from vrdata_generators.registry import get_generator

SEEDS = st.integers(0, 2**31 - 1)
POSITIONS = st.integers(0, 99)
many = settings(max_examples=settings.default.max_examples // 3)  # drawing is slow


def make(name: str, seed: int, position: int) -> tuple[Params, Sample]:
    generator = get_generator(name)
    params = generator.params(sample_rng(seed, position), position)
    return params, generator.render(params)


def balls_of(params: Params) -> list[Ball]:
    return [
        Ball(**{name: value for name, value in ball.items() if name != "colour"})
        for ball in params["balls"]
    ]


def kinetic(balls: list[Ball]) -> float:
    """Twice the energy; a ball's mass is its radius squared."""
    return sum(ball.radius**2 * (ball.vx**2 + ball.vy**2) for ball in balls)


@many
@given(seed=SEEDS, position=POSITIONS, share=st.floats(0, 1))
def test_balls_conserve_energy_stay_inside_and_never_overlap(
    seed: int, position: int, share: float
) -> None:
    params, _ = make("G-bouncing-balls", seed, position)
    start = balls_of(params)
    balls, _ = simulate(start, share * params["seconds"])
    assert kinetic(balls) == pytest.approx(kinetic(start), rel=1e-9)
    for number, ball in enumerate(balls):
        for place in (ball.x, ball.y):
            assert ROOM[0] - 1e-6 <= place - ball.radius
            assert place + ball.radius <= ROOM[1] + 1e-6
        for other in balls[number + 1 :]:
            gap = math.dist((ball.x, ball.y), (other.x, other.y))
            assert gap >= ball.radius + other.radius - 1e-6


@many
@given(seed=SEEDS, position=POSITIONS)
def test_balls_with_reversed_velocities_return_to_their_start(seed: int, position: int) -> None:
    params, sample = make("G-bouncing-balls", seed, position)
    start = balls_of(params)
    end, hits = simulate(start, params["seconds"])
    back, hits_back = simulate(
        [replace(ball, vx=-ball.vx, vy=-ball.vy) for ball in end], params["seconds"]
    )
    assert hits == hits_back == sample.ground_truth["collisions"]
    for ball, again in zip(start, back, strict=True):
        assert (again.x, again.y) == pytest.approx((ball.x, ball.y), abs=1e-3)
        assert (-again.vx, -again.vy) == pytest.approx((ball.vx, ball.vy), abs=1e-2)


@many
@given(angle=st.floats(0, 2 * math.pi), speeds=st.tuples(*[st.floats(-300, 300)] * 4))
def test_a_collision_conserves_momentum_and_reverses_the_approach(
    angle: float, speeds: tuple[float, float, float, float]
) -> None:
    a = Ball(0, 0, speeds[0], speeds[1], 30)
    nx, ny = math.cos(angle), math.sin(angle)
    b = Ball(50 * nx, 50 * ny, speeds[2], speeds[3], 20)
    c, d = collide(a, b)
    for axis in ("vx", "vy"):
        before = 900 * getattr(a, axis) + 400 * getattr(b, axis)
        assert 900 * getattr(c, axis) + 400 * getattr(d, axis) == pytest.approx(before, abs=1e-6)
    approach = (b.vx - a.vx) * nx + (b.vy - a.vy) * ny
    after = (d.vx - c.vx) * nx + (d.vy - c.vy) * ny
    assert after == pytest.approx(-approach, abs=1e-6)


def test_a_single_ball_is_drawn_where_the_ground_truth_says() -> None:
    params, sample = make("G-bouncing-balls", 4, 0)
    (ball,) = sample.ground_truth["final"]
    speed = math.hypot(ball["vx"], ball["vy"])
    # Behind the centre, where the arrow is not.
    spot = tuple(round(ball[axis] - ball[f"v{axis}"] / speed * ball["radius"] / 2) for axis in "xy")
    assert params["difficulty"] == "easy"
    assert sample.final.getpixel(spot) == dict(COLOURS)[ball["colour"]]


def agm(a: float, b: float) -> float:
    """The arithmetic-geometric mean."""
    for _ in range(60):
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a


@pytest.mark.parametrize("degrees", [5.0, 45.0, 90.0, 139.0])
def test_a_quarter_swing_takes_the_exact_time(degrees: float) -> None:
    # Period of a rigid pendulum without friction: 2 pi sqrt(l/g) / agm(1, cos(amplitude/2)).
    length = 0.6
    period = 2 * math.pi * math.sqrt(length / GRAVITY) / agm(1, math.cos(math.radians(degrees) / 2))
    params = {"degrees": degrees, "length": length, "damping": 0.0, "fps": 2048}
    states = swing(params, math.ceil(period / 4 * 2048) + 1)
    below = next(number for number, (angle, _) in enumerate(states) if angle <= 0)
    before, after = states[below - 1][0], states[below][0]
    crossing = (below - 1 + before / (before - after)) / 2048
    assert crossing == pytest.approx(period / 4, rel=1e-6)


@many
@given(seed=SEEDS, position=POSITIONS)
def test_a_pendulum_conserves_energy_or_loses_some_by_friction(seed: int, position: int) -> None:
    params, sample = make("G-pendulum", seed, position)
    frames = round(params["seconds"] * params["fps"])
    states = swing(params, frames)
    energies = [energy(state, params["length"]) for state in states]
    if params["damping"]:
        assert all(b <= a + 1e-9 for a, b in pairwise(energies))
        assert energies[-1] < energies[0]
    else:
        assert energies == pytest.approx([energies[0]] * len(energies), rel=1e-8)
    assert math.degrees(states[-1][0]) == pytest.approx(
        sample.ground_truth["final_degrees"], abs=1e-4
    )


@pytest.mark.parametrize("position", range(3))
def test_the_bob_is_drawn_where_the_ground_truth_says(position: int) -> None:
    params, sample = make("G-pendulum", 8, position)
    for image, degrees in (
        (sample.first, params["degrees"]),
        (sample.final, sample.ground_truth["final_degrees"]),
    ):
        angle, reach = math.radians(degrees), params["length"] * PIXELS
        spot = (256 + reach * math.sin(angle), 512 * 0.46 + reach * math.cos(angle))
        assert image.getpixel((round(spot[0]), round(spot[1]))) == BOB


def shows(image: Image.Image, colour: tuple[int, int, int], lane: int) -> bool:
    """Whether a lane shows a colour anywhere."""
    y = 70 + lane * (512 - 140) / (LANES - 1)
    band = image.crop((0, round(y - RADIUS), 512, round(y + RADIUS)))
    return colour in {found for _, found in band.getcolors(1 << 20) or []}


@many
@given(seed=SEEDS, position=POSITIONS)
def test_hidden_objects_are_those_that_the_last_picture_does_not_show(
    seed: int, position: int
) -> None:
    params, sample = make("G-occlusion", seed, position)
    unseen = [
        f"{thing['colour']} {thing['shape']}"
        for thing in params["things"]
        if not shows(sample.final, dict(COLOURS)[thing["colour"]], thing["lane"])
    ]
    assert sample.ground_truth == {"hidden": len(unseen), "hidden_things": unseen}
    assert len({thing["lane"] for thing in params["things"]}) == len(params["things"])
    for thing in params["things"]:
        assert shows(sample.first, dict(COLOURS)[thing["colour"]], thing["lane"])


def test_the_screen_is_in_front_of_everything_in_every_frame() -> None:
    params, sample = make("G-occlusion", 2, 2)
    left, width = params["screen"]
    for frame in sample.frames:
        inside = frame.crop((left + 8, 30, left + width - 8, 482))
        assert inside.getcolors() == [(inside.width * inside.height, SCREEN)]
