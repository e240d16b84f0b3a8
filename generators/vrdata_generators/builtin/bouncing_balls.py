"""G-bouncing-balls: balls that collide with walls and each other; what happens next?"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import COLOURS, INK, Canvas
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.22, "peakMemoryBytes": 75_000_000, "bytesPerSample": 81_000}
COUNTS = {"easy": (1, 2), "medium": (3, 4), "hard": (5, 6)}
ROOM = (40.0, 472.0)
MAX_EVENTS = 10_000
FLOOR = (238, 241, 245)


@dataclass(frozen=True)
class Ball:
    """A ball: position and radius in pixels, velocity in pixels per second; mass ~ radius²."""

    x: float
    y: float
    vx: float
    vy: float
    radius: float

    def after(self, seconds: float) -> Ball:
        """The ball after moving in a straight line."""
        return replace(self, x=self.x + self.vx * seconds, y=self.y + self.vy * seconds)


class BouncingBalls(Generator):
    """Elastic collisions without friction, computed event by event, without time steps."""

    name: ClassVar[str] = "G-bouncing-balls"
    domain: ClassVar[str] = "bouncing_balls"
    generator_class: ClassVar[Literal["O", "G"]] = "G"

    def params(self, rng: random.Random, index: int) -> Params:
        """Balls that do not overlap, with random directions."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        balls: list[Ball] = []
        while len(balls) < (wanted := COUNTS[difficulty][index % 2]):
            radius = rng.uniform(22, 38)
            angle, speed = rng.uniform(0, 2 * math.pi), rng.uniform(140, 260)
            ball = Ball(
                rng.uniform(ROOM[0] + radius, ROOM[1] - radius),
                rng.uniform(ROOM[0] + radius, ROOM[1] - radius),
                speed * math.cos(angle),
                speed * math.sin(angle),
                radius,
            )
            if all(math.dist((ball.x, ball.y), (b.x, b.y)) > radius + b.radius + 6 for b in balls):
                balls.append(ball)
        colours = rng.sample(range(len(COLOURS)), wanted)
        return {
            "difficulty": difficulty,
            "size": 512,
            "seconds": 3.0,
            "fps": 16,
            "balls": [
                {"colour": COLOURS[colour][0], **_rounded(ball)}
                for ball, colour in zip(balls, colours, strict=True)
            ],
        }

    def render(self, params: Params) -> Sample:
        """Show the room over time."""
        start = [
            Ball(ball["x"], ball["y"], ball["vx"], ball["vy"], ball["radius"])
            for ball in params["balls"]
        ]
        seconds = params["seconds"]

        def picture(t: float) -> Image.Image:
            return _picture(params, simulate(start, t * seconds)[0])

        final, hits = simulate(start, seconds)
        names = ", ".join(ball["colour"] for ball in params["balls"])
        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"A closed room seen from above holds {len(start)} frictionless "
                f"{'ball' if len(start) == 1 else 'balls'} ({names}). Each arrow shows a ball's "
                "direction and speed. All collisions with walls and between balls are elastic, "
                "and a ball's mass is proportional to its area. Show how the balls move during "
                f"the next {seconds:g} seconds."
            ),
            frames=Timeline(picture, round(seconds * params["fps"]), hold=0),
            fps=params["fps"],
            ground_truth={
                "collisions": hits,
                "final": [
                    {"colour": ball["colour"], **_rounded(end)}
                    for ball, end in zip(params["balls"], final, strict=True)
                ],
            },
        )


def simulate(balls: list[Ball], seconds: float) -> tuple[list[Ball], int]:
    """The balls after some seconds, and the number of collisions until then."""
    now = 0.0
    balls = list(balls)
    for hits in range(MAX_EVENTS):
        delay, first, second = _next_event(balls)
        if now + delay >= seconds:
            return [ball.after(seconds - now) for ball in balls], hits
        balls = [ball.after(delay) for ball in balls]
        now += delay
        if second >= 0:
            balls[first], balls[second] = collide(balls[first], balls[second])
        elif second == -1:
            balls[first] = replace(balls[first], vx=-balls[first].vx)
        else:
            balls[first] = replace(balls[first], vy=-balls[first].vy)
    raise RuntimeError(f"more than {MAX_EVENTS} collisions")


def _next_event(balls: list[Ball]) -> tuple[float, int, int]:
    """Seconds until the next collision, the ball, and the other one (-1, -2: a wall)."""
    events = [(math.inf, -1, -1)]
    for number, ball in enumerate(balls):
        events.append((_wall(ball.x, ball.vx, ball.radius), number, -1))
        events.append((_wall(ball.y, ball.vy, ball.radius), number, -2))
        events += [
            (_meeting(ball, other), number, place)
            for place, other in enumerate(balls[number + 1 :], start=number + 1)
        ]
    return min(events)


def _wall(position: float, speed: float, radius: float) -> float:
    if speed > 0:
        return max(0.0, (ROOM[1] - radius - position) / speed)
    if speed < 0:
        return max(0.0, (ROOM[0] + radius - position) / speed)
    return math.inf


def _meeting(a: Ball, b: Ball) -> float:
    dx, dy, dvx, dvy = b.x - a.x, b.y - a.y, b.vx - a.vx, b.vy - a.vy
    approach = dx * dvx + dy * dvy
    if approach >= 0:
        return math.inf
    speed = dvx * dvx + dvy * dvy
    gap = dx * dx + dy * dy - (a.radius + b.radius) ** 2
    root = approach * approach - speed * gap
    if root < 0:
        return math.inf
    return max(0.0, (-approach - math.sqrt(root)) / speed)


def collide(a: Ball, b: Ball) -> tuple[Ball, Ball]:
    """Velocities after an elastic collision of touching discs."""
    ma, mb = a.radius**2, b.radius**2
    dx, dy = b.x - a.x, b.y - a.y
    distance = math.hypot(dx, dy)
    nx, ny = dx / distance, dy / distance
    push = 2 * ((a.vx - b.vx) * nx + (a.vy - b.vy) * ny) / (ma + mb)
    return (
        replace(a, vx=a.vx - push * mb * nx, vy=a.vy - push * mb * ny),
        replace(b, vx=b.vx + push * ma * nx, vy=b.vy + push * ma * ny),
    )


def _picture(params: Params, balls: list[Ball]) -> Image.Image:
    canvas = Canvas(params["size"])
    canvas.rectangle((ROOM[0] - 6, ROOM[0] - 6, ROOM[1] + 6, ROOM[1] + 6), INK, 8)
    canvas.rectangle((ROOM[0], ROOM[0], ROOM[1], ROOM[1]), FLOOR, 3)
    colours = dict(COLOURS)
    for ball, given in zip(balls, params["balls"], strict=True):
        canvas.circle((ball.x, ball.y), ball.radius, colours[given["colour"]])
        tip = (ball.x + ball.vx * 0.14, ball.y + ball.vy * 0.14)
        canvas.line([(ball.x, ball.y), tip], INK, 3)
        canvas.circle(tip, 5, INK)
    return canvas.picture()


def _rounded(ball: Ball) -> dict[str, float]:
    return {name: round(getattr(ball, name), 3) for name in ("x", "y", "vx", "vy", "radius")}
