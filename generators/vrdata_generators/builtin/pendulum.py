"""G-pendulum: a swinging pendulum; where is it after some seconds?"""

from __future__ import annotations

import math
import random
from typing import ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import INK, MUTED, Canvas, Point
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.15, "peakMemoryBytes": 75_000_000, "bytesPerSample": 47_000}
GRAVITY = 9.81  # m/s²
STEP = 1 / 2048  # s; a power of two, so that the steps add up exactly
PIXELS = 260.0  # one metre
BOB, TRACE = (214, 69, 65), (236, 190, 188)
AMPLITUDES = {"easy": (15, 30), "medium": (30, 70), "hard": (70, 140)}
State = tuple[float, float]


class Pendulum(Generator):
    """A rigid pendulum with damping, integrated by fourth-order Runge-Kutta."""

    name: ClassVar[str] = "G-pendulum"
    domain: ClassVar[str] = "pendulum"
    generator_class: ClassVar[Literal["O", "G"]] = "G"

    def params(self, rng: random.Random, index: int) -> Params:
        """Length, damping and the angle of release."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        degrees = rng.uniform(*AMPLITUDES[difficulty]) * rng.choice((-1, 1))
        return {
            "difficulty": difficulty,
            "size": 512,
            "fps": 16,
            "seconds": rng.choice((2.0, 2.5, 3.0)),
            "length": round(rng.uniform(0.45, 0.75), 3),
            "damping": round(rng.choice((0.0, rng.uniform(0.1, 0.5))), 3),
            "degrees": round(degrees, 2),
        }

    def render(self, params: Params) -> Sample:
        """Draw the swinging pendulum."""
        frames = round(params["seconds"] * params["fps"])
        states = swing(params, frames)

        def picture(t: float) -> Image.Image:
            return _picture(params, [angle for angle, _ in states[: round(t * frames) + 1]])

        damping = (
            f"Friction slows it with {params['damping']:g} per second."
            if params["damping"]
            else "There is no friction."
        )
        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"A pendulum on a rigid, massless rod of {params['length']:g} m is let go at rest "
                f"from {abs(params['degrees']):g} degrees to the "
                f"{'right' if params['degrees'] > 0 else 'left'} of straight down. Gravity is "
                f"9.81 m/s². {damping} Show how it swings during {params['seconds']:g} seconds, "
                "with a faint trace of the bob's way."
            ),
            frames=Timeline(picture, frames, hold=0),
            fps=params["fps"],
            ground_truth={
                "final_degrees": round(math.degrees(states[-1][0]), 4),
                "final_degrees_per_second": round(math.degrees(states[-1][1]), 4),
            },
        )


def swing(params: Params, frames: int) -> list[State]:
    """Angle (radians from straight down) and angular speed at each frame, the first included."""
    state: State = (math.radians(params["degrees"]), 0.0)
    states = [state]
    per_frame = round(1 / (params["fps"] * STEP))
    for _ in range(frames):
        for _ in range(per_frame):
            state = _step(state, params["length"], params["damping"])
        states.append(state)
    return states


def energy(state: State, length: float) -> float:
    """Energy per mass in J/kg, zero at rest straight down."""
    angle, speed = state
    return 0.5 * (length * speed) ** 2 + GRAVITY * length * (1 - math.cos(angle))


def _step(state: State, length: float, damping: float) -> State:
    def slope(at: State) -> State:
        return at[1], -GRAVITY / length * math.sin(at[0]) - damping * at[1]

    def shifted(by: State, share: float) -> State:
        return state[0] + by[0] * STEP * share, state[1] + by[1] * STEP * share

    a = slope(state)
    b = slope(shifted(a, 0.5))
    c = slope(shifted(b, 0.5))
    d = slope(shifted(c, 1.0))
    return (
        state[0] + STEP / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0]),
        state[1] + STEP / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1]),
    )


def _picture(params: Params, angles: list[float]) -> Image.Image:
    canvas = Canvas(params["size"])
    pivot: Point = (params["size"] / 2, params["size"] * 0.46)
    reach = params["length"] * PIXELS
    trail = [_bob(pivot, reach, angle) for angle in angles]
    canvas.line([pivot, _bob(pivot, reach, 0.0)], (230, 230, 226), 2)
    if len(trail) > 1:
        canvas.line(trail, TRACE, 5)
    canvas.line([pivot, trail[-1]], INK, 5)
    canvas.rectangle((pivot[0] - 60, pivot[1] - 13, pivot[0] + 60, pivot[1] - 5), MUTED, 4)
    canvas.circle(pivot, 8, INK)
    canvas.circle(trail[-1], 24, BOB)
    return canvas.picture()


def _bob(pivot: Point, reach: float, angle: float) -> Point:
    return pivot[0] + reach * math.sin(angle), pivot[1] + reach * math.cos(angle)
