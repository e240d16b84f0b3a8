"""`check_sample` detects each violation of the rules for generators."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest
from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.checks import RuleBrokenError, check_sample

_calls = itertools.count()


def grey(value: int, size: int = 4, mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", (size, size), (value, value, value)).convert(mode)


class Fade(Generator):
    """A square that becomes lighter; `change` and `choose` break it."""

    name = "O-fade"
    domain = "fade"
    generator_class = "O"

    def __init__(
        self,
        change: Callable[[Params], dict[str, object]] = lambda _params: {},
        choose: Callable[[], Params] = dict,
    ) -> None:
        self._change, self._choose = change, choose

    def params(self, rng: random.Random, index: int) -> Params:
        return {"start": rng.randrange(99) + index} | self._choose()

    def render(self, params: Params) -> Sample:
        start = params["start"]
        facts: dict[str, object] = {
            "first": grey(start),
            "final": grey(start + 2),
            "prompt": "Make it lighter.",
            "frames": (grey(start + step) for step in range(3)),
            "ground_truth": {"end": start + 2},
        }
        return Sample(**(facts | self._change(params)))  # type: ignore[arg-type]


def test_a_valid_sample_is_returned_with_its_parameters_and_frame_count() -> None:
    made = check_sample(Fade(), seed=1, position=2)
    assert (made.frames, made.sample.ground_truth["end"]) == (3, made.params["start"] + 2)
    assert check_sample(Fade(), seed=1, position=2).digest == made.digest
    assert check_sample(Fade(), seed=1, position=3).digest != made.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: {"prompt": " \n"}, "prompt is blank"),
        (lambda _: {"prompt": "\ufeff\u200b"}, "prompt is blank"),
        (lambda _: {"fps": 0}, "frame rate is 0"),
        (lambda _: {"frames": []}, "no frame"),
        (lambda _: {"first": grey(0, mode="L")}, "mode L"),
        (lambda _: {"final": grey(0, size=5)}, r"final is \(5, 5\)"),
        (lambda p: {"frames": [grey(p["start"]), grey(0, size=5)]}, r"frame 1 is \(5, 5\)"),
        (lambda _: {"first": grey(255)}, "not the video's first frame"),
        (lambda _: {"final": grey(255)}, "not the video's last frame"),
        (lambda _: {"ground_truth": {"end": {1, 2}}}, "cannot be encoded as JSON"),
        (lambda _: {"ground_truth": {"end": float("nan")}}, "cannot be encoded as JSON"),
        (lambda _: {"ground_truth": {"end": (1, 2)}}, "a round trip through JSON"),
        (lambda _: {"prompt": f"Take {next(_calls)}"}, "for the same parameters"),
        (lambda p: p.update(more=1) or {}, "changes its parameters"),
    ],
)
def test_the_broken_rendering_rule_is_named(
    change: Callable[[Params], dict[str, object]], message: str
) -> None:
    with pytest.raises(RuleBrokenError, match=message):
        check_sample(Fade(change), seed=1, position=0)


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda: {"n": next(_calls)}, "other parameters for the same seed"),
        (lambda: {"box": (1, 2)}, "a round trip through JSON"),
        (lambda: {"words": b"x"}, "cannot be encoded as JSON"),
        (lambda: {3: "three"}, "a round trip through JSON"),
    ],
)
def test_the_broken_parameter_rule_is_named(choose: Callable[[], Params], message: str) -> None:
    with pytest.raises(RuleBrokenError, match=message):
        check_sample(Fade(choose=choose), seed=1, position=0)
