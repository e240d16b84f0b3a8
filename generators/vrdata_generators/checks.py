"""The rules for the samples of a generator; the test of a generator calls `check_sample`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample, sample_rng


class RuleBrokenError(AssertionError):
    """A generator breaks a rule; the message names it."""


@dataclass(frozen=True)
class Rendered:
    """One completely rendered sample.

    Attributes:
        params: its parameters.
        sample: the sample; if it yields its frames one at a time, they are consumed.
        frames: number of video frames.
        digest: sha256 over prompt, ground truth, frame rate, and the pixels of every image.
    """

    params: Params
    sample: Sample
    frames: int
    digest: str


def check_sample(generator: Generator, *, seed: int, position: int) -> Rendered:
    """Render one sample twice and check it against the rules.

    Args:
        generator: the generator.
        seed: a block's seed.
        position: which sample of the block, from 0.

    Raises:
        RuleBrokenError: parameters or ground truth are not JSON values; the same seed gives
            another sample; rendering changes the parameters; the prompt is blank; an image is not
            RGB or differs in size; the video does not start with `first` and end with `final`.
    """
    params = generator.params(sample_rng(seed, position), position)
    repeated = generator.params(sample_rng(seed, position), position)
    _require(params == repeated, "params() gives other parameters for the same seed")
    copy = _as_json(params, "parameters")
    rendered = _render(generator, params)
    _require(params == repeated, "render() changes its parameters")
    _require(
        _render(generator, copy).digest == rendered.digest,
        "render() gives another sample for the same parameters",
    )
    return rendered


def _render(generator: Generator, params: Params) -> Rendered:
    sample = generator.render(params)
    # A byte order mark or a zero-width character is not text, although `strip` keeps it.
    visible = any(letter.isprintable() and not letter.isspace() for letter in sample.prompt)
    _require(visible, "the prompt is blank")
    _require(sample.fps >= 1, f"the frame rate is {sample.fps} per second")
    truth = _as_json(sample.ground_truth, "ground truth")
    digest = sha256(json.dumps([sample.prompt, sample.fps, truth], sort_keys=True).encode())
    size = sample.first.size
    first = last = b""
    frames = 0
    for frame in sample.frames:
        last = _pixels(frame, size, f"frame {frames}")
        first = first or last
        digest.update(last)
        frames += 1
    _require(frames > 0, "the video has no frame")
    _require(_pixels(sample.first, size, "first") == first, "first is not the video's first frame")
    _require(_pixels(sample.final, size, "final") == last, "final is not the video's last frame")
    return Rendered(params, sample, frames, digest.hexdigest())


def _pixels(image: Image.Image, size: tuple[int, int], what: str) -> bytes:
    _require(image.mode == "RGB", f"{what} has mode {image.mode}, not RGB")
    _require(image.size == size, f"{what} is {image.size} pixels, the first image {size}")
    return image.tobytes()


def _as_json(value: Params, what: str) -> Params:
    """The value after a round trip through JSON."""
    try:
        back: Params = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise RuleBrokenError(f"the {what} cannot be encoded as JSON: {error}") from None
    _require(
        back == value, f"{what}: a round trip through JSON changes the values (tuples, for example)"
    )
    return back


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise RuleBrokenError(message)
