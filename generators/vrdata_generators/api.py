"""Write a generator or a converter. See docs/generators-write.md and docs/converters-write.md.

A generator chooses parameters from a seed, then renders them.

class Rope(Generator):
    name, domain, generator_class = "G-rope", "rope", "G"

    def params(self, rng, index): ...    # cheap and pure; rng is the only source of randomness
    def render(self, params): ...        # a Sample that yields its frames one at a time

A converter turns each item of a source into a sample, or into rows.

class Puzzles(Converter):
    name, domain = "M-puzzles", "puzzle"

    def convert(self, item, options):    # options: the run's args, {"name": "value"}
        yield Converted(first=item.row["image"], prompt=item.row["question"])
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from PIL import Image

if TYPE_CHECKING:
    import pyarrow as pa

Params = dict[str, Any]
Row = dict[str, Any]
Options = Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """One rendered sample.

    Attributes:
        first: the question's frame, RGB; equals the video's first frame.
        final: the answer's frame, RGB, of the same size; equals the video's last frame.
        prompt: the text of the task.
        frames: the video's frames, RGB; a generator function keeps only one of them in memory.
        fps: frames per second.
        ground_truth: the exact answer, as JSON values.
    """

    first: Image.Image
    final: Image.Image
    prompt: str
    frames: Iterable[Image.Image]
    fps: int = 16
    ground_truth: Params = field(default_factory=dict)


class Generator(ABC):
    """One kind of task.

    Attributes:
        name: catalogue name, such as O-maze.
        domain: first part of a sample's id, such as maze.
        generator_class: O (static, low memory), G (dynamic, heavier) or M (converts existing data).
        version: increase it when the same seed gives other samples.
    """

    name: ClassVar[str]
    domain: ClassVar[str]
    generator_class: ClassVar[Literal["O", "G", "M"]]
    version: ClassVar[str] = "1"

    @abstractmethod
    def params(self, rng: random.Random, index: int) -> Params:
        """Choose a sample's parameters, JSON values only.

        Args:
            rng: the only source of randomness of the sample.
            index: position in the block, for example to cycle through difficulties.
        """

    @abstractmethod
    def render(self, params: Params) -> Sample:
        """Render parameters; equal parameters give equal pixels."""


@dataclass(frozen=True)
class Item:
    """One item of a source.

    Attributes:
        index: its index in the source, from 0; also the index of its sample.
        key: `FILE`, or `FILE#ROW` for a row of a table; rows count from 0 in each file.
        files: the staged files by their name in the source, read-only; of a table, its file.
        row: the columns of a table's row as Python values; empty for other sources.
    """

    index: int
    key: str
    files: Mapping[str, Path] = field(default_factory=dict)
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Converted:
    """A sample made of existing data. Images become RGB PNG files, texts UTF-8.

    An image is what vrdata_generators.images.as_rgb takes: a Pillow image, a numpy array, encoded
    bytes, a path, or a dict of Hugging Face datasets. A video is a file or its bytes; it is kept or
    encoded again as `output.video` says.

    Attributes:
        first: the question's image.
        final: the answer's image.
        prompt: the text of the task.
        video: the ground-truth video.
        first_video: the question's video.
        last_video: the answer's video.
        goal: the answer as text, for `goal.txt`.
        domain: first part of the sample's id; empty = the converter's.
        metadata: JSON values for metadata.json, such as the id in the source.
        files: other files of the sample, by name.
    """

    first: Any
    final: Any = None
    prompt: str = ""
    video: Path | bytes | None = None
    first_video: Path | bytes | None = None
    last_video: Path | bytes | None = None
    goal: str = ""
    domain: str = ""
    metadata: Params = field(default_factory=dict)
    files: Mapping[str, Path | bytes] = field(default_factory=dict)


class Converter(ABC):
    """Turns the items of a source into samples or rows; the class of its catalogue entry is M.

    Attributes:
        name: catalogue name, such as M-puzzles.
        domain: first part of a sample's id, such as puzzle.
        version: increase it when the same item gives another result.
        schema: of the rows; None = it makes samples.
    """

    name: ClassVar[str]
    domain: ClassVar[str]
    version: ClassVar[str] = "1"
    schema: ClassVar[pa.Schema | None] = None

    @abstractmethod
    def convert(self, item: Item, options: Options) -> Iterator[Converted] | Iterator[Row]:
        """One sample, or any number of rows, of one item; equal items give equal results.

        Raises:
            ValueError: the item cannot be converted; the text becomes the sample's failure.
        """


def sample_rng(seed: int, position: int) -> random.Random:
    """The source of randomness of one sample; depends only on the block's seed and its position."""
    digest = sha256(f"{seed}/{position}".encode()).digest()
    return random.Random(int.from_bytes(digest))  # noqa: S311 - reproducible, not secret
