"""G-tabletop: a robot arm with two joints moves its tip to one of the discs on a table.

The ground truth is an episode for training a policy: what the arm observed, and what it did.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import COLOURS, INK, MUTED, Canvas, Point
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.16, "peakMemoryBytes": 79_000_000, "bytesPerSample": 51_000}
DISCS = {"easy": (1, 1), "medium": (2, 3), "hard": (4, 5)}
FPS, RATE = 25, 50  # frames and observations per second; actions per second
STEP_NS = 1_000_000_000 // RATE
GAIN, MAX_SPEED = 3.0, 1.2  # 1/s; rad/s
TOLERANCE = 0.004  # m
HOLD = RATE // 5  # actions after the tip has arrived
MAX_ACTIONS = 5 * RATE
APART, FAR = 0.09, 0.2  # m between discs; from the start to the target
PIXELS, BASE = 430.0, (256.0, 330.0)  # one metre; where the shoulder is
TABLE, ARM, DISC = (231, 222, 206), (96, 110, 128), 17
ACTIONS = ("shoulder_velocity", "elbow_velocity")
OBSERVATIONS = ("shoulder", "elbow", "tip_x", "tip_y", "target_x", "target_y")
Angles = tuple[float, float]


@dataclass(frozen=True)
class Arm:
    """Lengths of the links in metres; the shoulder is at the origin, y points away from it."""

    upper: float
    fore: float

    def elbow(self, angles: Angles) -> Point:
        """Where the elbow is."""
        return self.upper * math.cos(angles[0]), self.upper * math.sin(angles[0])

    def tip(self, angles: Angles) -> Point:
        """Where the tip is; angles in radians, of the elbow from the direction of the upper arm."""
        x, y = self.elbow(angles)
        both = angles[0] + angles[1]
        return x + self.fore * math.cos(both), y + self.fore * math.sin(both)

    def reaching(self, point: Point, bent: int) -> Angles:
        """The angles for a tip at a point; `bent` is the sign of the elbow's angle."""
        square = point[0] ** 2 + point[1] ** 2
        cosine = (square - self.upper**2 - self.fore**2) / (2 * self.upper * self.fore)
        elbow = bent * math.acos(max(-1.0, min(1.0, cosine)))
        beside = math.atan2(self.fore * math.sin(elbow), self.upper + self.fore * cosine)
        return math.atan2(point[1], point[0]) - beside, elbow


class Tabletop(Generator):
    """A planar arm; its controller sets joint velocities, with a limit on the speed."""

    name: ClassVar[str] = "G-tabletop"
    domain: ClassVar[str] = "tabletop"
    generator_class: ClassVar[Literal["O", "G"]] = "G"

    def params(self, rng: random.Random, index: int) -> Params:
        """The arm, how it starts, and the discs; the first one is the target."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        arm = Arm(round(rng.uniform(0.26, 0.3), 3), round(rng.uniform(0.21, 0.25), 3))
        wanted = DISCS[difficulty][index % 2]
        discs: list[Point] = []
        while len(discs) < wanted:
            place = _place(rng, arm)
            if all(math.dist(place, disc) > APART for disc in discs):
                discs.append(place)
        start = _start(rng)
        while math.dist(arm.tip(start), discs[0]) < FAR:
            start = _start(rng)
        colours = rng.sample(range(len(COLOURS)), wanted)
        return {
            "difficulty": difficulty,
            "size": 512,
            "fps": FPS,
            "upper": arm.upper,
            "fore": arm.fore,
            "start": list(start),
            "discs": [
                {"colour": COLOURS[colour][0], "x": x, "y": y}
                for colour, (x, y) in zip(colours, discs, strict=True)
            ],
        }

    def render(self, params: Params) -> Sample:
        """Draw the arm while it moves."""
        arm, target = Arm(params["upper"], params["fore"]), params["discs"][0]
        goal = (target["x"], target["y"])
        actions, states = control(arm, tuple(params["start"]), goal)
        seen = states[:: RATE // FPS]
        table = _table(params)

        def picture(t: float) -> Image.Image:
            return _picture(table.copy(), arm, seen[round(t * (len(seen) - 1))])

        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"A robot arm with two joints lies on a table, seen from above. Show how it moves "
                f"its tip to the {target['colour']} disc."
            ),
            frames=Timeline(picture, len(seen) - 1, hold=0),
            fps=params["fps"],
            ground_truth={
                "distance": round(math.dist(arm.tip(states[-1]), goal), 6),
                "episode": {
                    "actions": _series(ACTIONS, STEP_NS, actions),
                    "observations": _series(
                        OBSERVATIONS,
                        STEP_NS * (RATE // FPS),
                        [(*angles, *arm.tip(angles), *goal) for angles in seen],
                    ),
                },
            },
        )


def control(arm: Arm, start: Angles, target: Point) -> tuple[list[Angles], list[Angles]]:
    """Move the tip to a point.

    Returns:
        Joint velocities in rad/s, each set for one 50th of a second; the angles before each of
        them and at the end. An even number of velocities, so that the last frame shows the end.
    """
    goal = arm.reaching(target, 1 if start[1] > 0 else -1)
    states, actions = [start], list[Angles]()
    arrived = 0
    while len(actions) < MAX_ACTIONS and (arrived < HOLD or len(actions) % 2):
        shoulder, elbow = states[-1]
        action = _limited(GAIN * (goal[0] - shoulder), GAIN * (goal[1] - elbow))
        actions.append(action)
        states.append((shoulder + action[0] / RATE, elbow + action[1] / RATE))
        arrived += math.dist(arm.tip(states[-1]), target) < TOLERANCE
    return actions, states


def _limited(shoulder: float, elbow: float) -> Angles:
    """Velocities with the same ratio and at most the highest speed."""
    share = min(1.0, MAX_SPEED / max(abs(shoulder), abs(elbow), 1e-9))
    return round(shoulder * share, 6), round(elbow * share, 6)


def _series(names: tuple[str, ...], step_ns: int, values: list[Any]) -> Params:
    return {
        "names": list(names),
        "timestamps": [number * step_ns for number in range(len(values))],  # ns
        "values": [[round(value, 6) for value in row] for row in values],
    }


def _place(rng: random.Random, arm: Arm) -> Point:
    """A place on the table that the arm can reach."""
    reach = (arm.upper + arm.fore) * rng.uniform(0.45, 0.92)
    angle = math.radians(rng.uniform(25, 155))
    return round(reach * math.cos(angle), 4), round(reach * math.sin(angle), 4)


def _start(rng: random.Random) -> Angles:
    bent = rng.choice((-1, 1)) * rng.uniform(40, 120)
    return round(math.radians(rng.uniform(30, 150)), 4), round(math.radians(bent), 4)


def _table(params: Params) -> Canvas:
    canvas = Canvas(params["size"])
    canvas.rectangle((24, 24, params["size"] - 24, params["size"] - 24), TABLE, 14)
    colours = dict(COLOURS)
    for disc in params["discs"]:
        canvas.circle(_pixel((disc["x"], disc["y"])), DISC, colours[disc["colour"]])
    return canvas


def _picture(canvas: Canvas, arm: Arm, angles: Angles) -> Image.Image:
    elbow, tip = _pixel(arm.elbow(angles)), _pixel(arm.tip(angles))
    canvas.circle(BASE, 24, MUTED)
    canvas.line([BASE, elbow], ARM, 18)
    canvas.line([elbow, tip], ARM, 12)
    for joint in (BASE, elbow):
        canvas.circle(joint, 7, INK)
    canvas.circle(tip, 8, INK)
    return canvas.picture()


def _pixel(place: Point) -> Point:
    return BASE[0] + place[0] * PIXELS, BASE[1] - place[1] * PIXELS
