"""The rules for samples: tests of generators call `check_sample`, of converters `check_item`."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import cast

from PIL import Image

from vrdata_generators.api import (
    Converted,
    Converter,
    Generator,
    Item,
    Options,
    Params,
    Row,
    Sample,
    sample_rng,
)
from vrdata_generators.images import as_rgb


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


def check_item(converter: Converter, item: Item, options: Options | None = None) -> Converted:
    """Convert an item twice and check its sample against the rules.

    Returns:
        The sample, with its images as RGB.

    Raises:
        RuleBrokenError: it is not one sample; the prompt is blank; an image cannot be read; the
            metadata are not JSON values; the second time gives another sample.
        ValueError: the item cannot be converted, as the converter says.
    """
    made, repeated = (_converted(converter, item, options or {}) for _ in range(2))
    same = all(
        _same(getattr(made, one.name), getattr(repeated, one.name)) for one in fields(Converted)
    )
    _require(same, "convert() gives a different sample for the same item")
    return made


def check_rows(converter: Converter, item: Item, options: Options | None = None) -> list[Row]:
    """Convert an item to rows twice, and check them against the schema.

    Returns:
        The rows as a reader of the dataset gets them.

    Raises:
        RuleBrokenError: a row does not fit; the second time gives other rows.
        ValueError: the item cannot be converted, as the converter says.
    """
    import pyarrow as pa  # noqa: PLC0415 - only converters to rows need it

    _require(converter.schema is not None, "the converter has no schema")
    tables = []
    for _ in range(2):
        rows = list(converter.convert(item, options or {}))
        _require(all(isinstance(row, dict) for row in rows), "a row is not a dict")
        columns = {str(name) for row in rows for name in cast("Row", row)}
        unknown = sorted(columns.difference(converter.schema.names))  # type: ignore[union-attr]
        _require(not unknown, f"the schema has no column {', '.join(unknown)}")
        try:
            tables.append(pa.Table.from_pylist(rows, converter.schema))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise RuleBrokenError(f"a row does not fit the schema: {error}") from None
    _require(tables[0].equals(tables[1]), "convert() gives different rows for the same item")
    return cast("list[Row]", tables[0].to_pylist())


def _converted(converter: Converter, item: Item, options: Options) -> Converted:
    made = list(converter.convert(item, options))
    _require(len(made) == 1, f"convert() gives {len(made)} results, not one sample")
    sample = made[0]
    if not isinstance(sample, Converted):
        raise RuleBrokenError(f"convert() gives {type(sample).__name__}, not a Converted")
    _require(_has_text(sample.prompt), "the prompt is blank")
    _as_json(sample.metadata, "metadata")
    base = next(iter(item.files.values())).parent if item.files else None
    try:
        final = None if sample.final is None else as_rgb(sample.final, base)
        return replace(sample, first=as_rgb(sample.first, base), final=final)
    except ValueError as error:
        raise RuleBrokenError(f"an image cannot be read: {error}") from None


def _same(one: object, other: object) -> bool:
    if isinstance(one, Image.Image) and isinstance(other, Image.Image):
        return one.size == other.size and one.tobytes() == other.tobytes()
    return one == other


def _has_text(prompt: str) -> bool:
    # A byte order mark or a zero-width character is not text, although `strip` keeps it.
    return any(letter.isprintable() and not letter.isspace() for letter in prompt)


def _render(generator: Generator, params: Params) -> Rendered:
    sample = generator.render(params)
    _require(_has_text(sample.prompt), "the prompt is blank")
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
