"""O-my-task: a counter moves along a track. It runs unchanged; replace it with your own task."""

from __future__ import annotations

import random

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import COLOURS, INK, MUTED, Canvas, ease
from vrdata_generators.frames import Timeline

FIELDS = {"easy": 5, "medium": 8, "hard": 11}


class MyTask(Generator):
    """The counter moves right by a given number of fields."""

    name = "O-my-task"
    domain = "my_task"
    generator_class = "O"
    version = "1"  # increase it when the same seed gives other samples

    def params(self, rng: random.Random, index: int) -> Params:
        """Choose the track, the counter and the number of steps."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        fields = FIELDS[difficulty]
        start = rng.randrange(fields - 1)
        return {
            "difficulty": difficulty,
            "size": 512,
            "fields": fields,
            "start": start,
            "steps": rng.randint(1, fields - 1 - start),
            "colour": rng.choice(COLOURS)[0],
        }

    def render(self, params: Params) -> Sample:
        """Move the counter smoothly from the start to the end."""
        end = params["start"] + params["steps"]

        def picture(moment: float) -> Image.Image:  # moment 0 is the start, 1 is the end
            return draw(params, params["start"] + params["steps"] * ease(moment))

        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"A {params['colour']} counter stands on a track of {params['fields']} fields. "
                f"Move it {params['steps']} to the right and leave everything else as it is."
            ),
            frames=Timeline(picture, moving=8 * params["steps"]),  # yields one frame at a time
            ground_truth={"end": end},
        )


def draw(params: Params, place: float) -> Image.Image:
    """The track, with the counter at a place counted in fields from the left."""
    canvas = Canvas(params["size"])
    field = (params["size"] - 48) / params["fields"]
    middle = params["size"] / 2
    for number in range(params["fields"]):
        left = 24 + number * field
        canvas.rectangle((left + 2, middle - 60, left + field - 2, middle + 60), MUTED, 8)
    centre = (24 + (place + 0.5) * field, middle)
    canvas.circle(centre, field * 0.36, INK)
    canvas.circle(centre, field * 0.32, dict(COLOURS)[params["colour"]])
    return canvas.picture()
