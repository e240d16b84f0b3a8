"""G-occlusion: objects move behind a screen; how many are behind it at the end?"""

from __future__ import annotations

import random
from typing import ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import COLOURS, INK, Canvas, Rgb
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.18, "peakMemoryBytes": 75_000_000, "bytesPerSample": 32_000}
COUNTS = {"easy": (2, 3), "medium": (4, 5), "hard": (6, 7)}
LANES = 7
SCREEN, SCREEN_EDGE, GROUND = (122, 104, 88), (86, 72, 60), (226, 232, 224)
SHAPES = ("ball", "box", "triangle")
RADIUS = 22.0


class Occlusion(Generator):
    """Each object has a lane and a constant speed; it stops behind the screen or passes it."""

    name: ClassVar[str] = "G-occlusion"
    domain: ClassVar[str] = "occlusion"
    generator_class: ClassVar[Literal["O", "G"]] = "G"

    def params(self, rng: random.Random, index: int) -> Params:
        """Objects on both sides, some of which end behind the screen."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        count = rng.randint(*COUNTS[difficulty])
        width = rng.randint(150, 210)
        left = (512 - width) // 2
        things = []
        for lane in rng.sample(range(LANES), count):
            start = rng.choice((rng.uniform(30, left - 40), rng.uniform(left + width + 40, 482)))
            things.append(
                {
                    "shape": rng.choice(SHAPES),
                    "colour": rng.choice(COLOURS)[0],
                    "lane": lane,
                    "start": round(start, 2),
                    "end": round(_end(rng, start, left, width), 2),
                }
            )
        return {
            "difficulty": difficulty,
            "size": 512,
            "fps": 16,
            "screen": [left, width],
            "things": things,
        }

    def render(self, params: Params) -> Sample:
        """Move everything at constant speed; the screen covers what is behind it."""

        def picture(t: float) -> Image.Image:
            return _picture(params, t)

        hidden = [thing for thing in params["things"] if is_hidden(params, thing, 1.0)]
        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"{len(params['things'])} things stand to the left and right of a brown screen. "
                "Each then moves along its own straight lane at constant speed and stops; some "
                "pass behind the screen, some stop behind it, where they cannot be seen. Show "
                "the movement. How many things are completely hidden at the end?"
            ),
            frames=Timeline(picture, 40, hold=3),
            fps=params["fps"],
            ground_truth={
                "hidden": len(hidden),
                "hidden_things": [f"{thing['colour']} {thing['shape']}" for thing in hidden],
            },
        )


def is_hidden(params: Params, thing: Params, t: float) -> bool:
    """True if the screen covers an object completely at moment t (0 to 1)."""
    left, width = params["screen"]
    x = thing["start"] + (thing["end"] - thing["start"]) * t
    return bool(left <= x - RADIUS and x + RADIUS <= left + width)


def _end(rng: random.Random, start: float, left: int, width: int) -> float:
    behind = rng.uniform(left + RADIUS + 4, left + width - RADIUS - 4)
    across = rng.uniform(left + width + 40, 482) if start < left else rng.uniform(30, left - 40)
    near = start + rng.uniform(-12, 12)
    return rng.choices((behind, across, near), weights=(5, 3, 2))[0]


def _picture(params: Params, t: float) -> Image.Image:
    size = params["size"]
    canvas = Canvas(size)
    canvas.rectangle((0, 40, size, size - 40), GROUND)
    colours = dict(COLOURS)
    for thing in params["things"]:
        x = thing["start"] + (thing["end"] - thing["start"]) * t
        y = 70 + thing["lane"] * (size - 140) / (LANES - 1)
        _thing(canvas, thing["shape"], x, y, colours[thing["colour"]])
    left, width = params["screen"]
    canvas.rectangle((left, 20, left + width, size - 20), SCREEN_EDGE, 6)
    canvas.rectangle((left + 5, 25, left + width - 5, size - 25), SCREEN, 4)
    return canvas.picture()


def _thing(canvas: Canvas, shape: str, x: float, y: float, colour: Rgb) -> None:
    if shape == "ball":
        canvas.circle((x, y), RADIUS, INK)
        canvas.circle((x, y), RADIUS - 2.5, colour)
        return
    if shape == "box":
        r = RADIUS * 0.86
        canvas.rectangle((x - r, y - r, x + r, y + r), INK, 4)
        canvas.rectangle((x - r + 2.5, y - r + 2.5, x + r - 2.5, y + r - 2.5), colour, 3)
        return
    for radius, fill in ((RADIUS, INK), (RADIUS - 5, colour)):
        canvas.polygon(
            [
                (x, y - radius),
                (x + radius * 0.866, y + radius * 0.5),
                (x - radius * 0.866, y + radius * 0.5),
            ],
            fill,
        )
