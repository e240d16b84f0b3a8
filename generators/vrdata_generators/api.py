"""Write a generator: choose parameters from a seed, then render them. See docs/generators-write.md.

class Rope(Generator):
    name, domain, generator_class = "G-rope", "rope", "G"

    def params(self, rng, index): ...    # cheap and pure; rng is the only source of randomness
    def render(self, params): ...        # a Sample that yields its frames one at a time
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar, Literal

from PIL import Image

Params = dict[str, Any]


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


def sample_rng(seed: int, position: int) -> random.Random:
    """The source of randomness of one sample; depends only on the block's seed and its position."""
    digest = sha256(f"{seed}/{position}".encode()).digest()
    return random.Random(int.from_bytes(digest))  # noqa: S311 - reproducible, not secret
