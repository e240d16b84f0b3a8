"""What every layout can do: a sample in, paths and bytes out. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.verify.sample.decode import VIDEO_FORMATS

FIRST, FINAL = "first_frame.png", "final_frame.png"
PROMPT, METADATA = "prompt.txt", "metadata.json"
VIDEO = "ground_truth.mp4"
_VIDEO_STEM = "ground_truth"


@dataclass(frozen=True, slots=True)
class Sample:
    """A stored sample.

    Attributes:
        generator: name of its generator.
        index: its global index.
        number: its place among the samples of its generator in this run, from 0.
        id: `DOMAIN_INDEX`, the index with at least eight digits.
        folder: `GENERATOR/DOMAIN_task/ID`.
        files: the bytes of each file, by its stored name.
        video: the ground-truth video, if it has one.
    """

    generator: str
    index: int
    number: int
    id: str
    folder: str
    files: Mapping[str, bytes]
    video: VideoRecord | None = None

    def require_video(self) -> VideoRecord:
        """The video of a sample that has one. Raises ValueError."""
        if self.video is None:
            raise ValueError(f"{self.folder} has no video")
        return self.video


class Layout(ABC):
    """A layout.

    Attributes:
        name: as in `--layout`.
        lines: path of the file that has a line for each sample; "" = there is none.
    """

    name: ClassVar[str]
    lines: ClassVar[str] = ""

    @abstractmethod
    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """The files that a sample with files of these names lacks for this layout."""

    @abstractmethod
    def files(self, sample: Sample) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of each file of an exported sample, in the order of their paths.

        Args:
            sample: it has all files that the layout needs.

        Raises:
            InvalidInputError: the content of a file does not fit the layout.
        """

    def line(self, sample: Sample) -> bytes:
        """The sample's line in the file `lines`, with its newline."""
        raise NotImplementedError(self.name)


def lacking(needed: Collection[str], names: Collection[str]) -> tuple[str, ...]:
    """Those of the needed files that are not there."""
    return tuple(name for name in needed if name not in names)


def video_name(names: Collection[str]) -> str:
    """The name of the ground-truth video, in any format; "" if there is none."""
    for name in sorted(names):
        stem, _, ending = name.partition(".")
        if stem == _VIDEO_STEM and f".{ending}" in VIDEO_FORMATS:
            return name
    return ""


def frame_rate(video: VideoRecord) -> int | float:
    """Frames per second of a video; an integer if it is one."""
    rate = video.fps
    return int(rate) if rate == int(rate) else rate
