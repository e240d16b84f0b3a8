"""The result of one trial block, in a form that two blocks can be compared in."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from vrdata.contract.refusals import Refusal
from vrdata.dataset.formats.untrusted import read_exactly
from vrdata.errors import InvalidInputError
from vrdata.hermetic import Hermetic
from vrdata_worker.child import events

MAX_PIXELS = 8192 * 8192
METADATA = "metadata.json"
VIDEO_SUFFIXES = (".avi", ".mkv", ".mov", ".mp4", ".webm")


@dataclass(frozen=True, slots=True)
class TrialSample:
    """What two versions of one sample are compared by.

    Attributes:
        files: name → hex sha256 of the bytes.
        pixels: name of an image → hex sha256 of its decoded pixels.
        frames: name of a video → hex sha256 over its frames and their times: those that vrdata's
            encoder received, or those of the file that the generator wrote.
        own: name of a video → hex sha256 of the file that the generator wrote, if it encoded it.
        notes: what H.264 does not keep of its videos.
        fields: field of the generator's own metadata → hex sha256 of its value, to name a
            difference.
        seen: of a converter, the item and what it became, for the user.
    """

    id: str
    domain: str
    files: dict[str, str]
    pixels: dict[str, str]
    frames: dict[str, str]
    bytes: int
    own: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    seen: str = ""

    @property
    def videos(self) -> list[str]:
        """The names of its videos, in order."""
        return sorted(name for name in self.files if name.lower().endswith(VIDEO_SUFFIXES))

    def same_content(self, other: TrialSample) -> bool:
        """True for equal names, decoded images, video frames and texts; encodings may differ."""
        return self._content() == other._content()

    def same_files(self, other: TrialSample) -> bool:
        """True for equal bytes, whatever the id; of the metadata, its own fields count."""
        return self._files() == other._files()

    def _files(self) -> tuple[object, ...]:
        files = {name: digest for name, digest in self.files.items() if name != METADATA}
        return METADATA in self.files, files, self.fields

    def _content(self) -> tuple[object, ...]:
        encoded = {*self.pixels, *self.frames}
        plain = {name: digest for name, digest in self.files.items() if name not in encoded}
        return self.id, sorted(self.files), plain, self.pixels, self.frames


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What one block gave.

    Attributes:
        samples: finished samples by position.
        invalid: `reason: message` of each invalid sample.
        error: what ended the block early, or "".
        log: the end of what the generator printed.
        seconds: CPU seconds of the block's child.
        traceback: of the first exception of the generator, or "".
        streamed: samples arrived while later ones were not generated yet.
        sequential: each sample was finished before the next one was begun.
        beside: number of files that belong to no sample.
        examples: names of some of them.
        refused: what the generator tried and the sandbox refused.
        hermetic: how far the kernel sandboxed the generator.
    """

    samples: dict[int, TrialSample]
    invalid: tuple[str, ...]
    error: str
    log: str
    seconds: float
    peak_memory_bytes: int
    traceback: str = ""
    streamed: bool = False
    sequential: bool = False
    beside: int = 0
    examples: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    hermetic: Hermetic | None = None

    def same_content(self, other: TrialResult) -> bool:
        """True when both have the same samples."""
        return self.samples.keys() == other.samples.keys() and all(
            sample.same_content(other.samples[position])
            for position, sample in self.samples.items()
        )

    def same_files(self, other: TrialResult) -> bool:
        """True when both have the same samples, byte by byte."""
        return self.samples.keys() == other.samples.keys() and all(
            sample.same_files(other.samples[position]) for position, sample in self.samples.items()
        )


class BrokenGeneratorError(Exception):
    """The generator cannot be imported in advance; `args[0]` says why."""


def sample_of(event: events.Sample, folder: Path) -> TrialSample:
    """The comparable form of a finished sample, whose files are in a folder.

    Raises:
        FileChangedError: a file is not a regular file of its reported size.
        InvalidInputError: one of its images cannot be decoded.
    """
    bodies = {
        file.name: b"".join(read_exactly(folder / file.name, file.size))
        for file in event.files
        if file.name == METADATA or file.name.lower().endswith(".png")
    }
    own = bodies.pop(METADATA, b"")
    return TrialSample(
        id=event.id,
        domain=event.domain,
        files={file.name: file.sha256 for file in event.files},
        pixels={name: pixel_digest(name, body) for name, body in bodies.items()},
        frames=event.frames,
        bytes=sum(file.size for file in event.files),
        own=event.own,
        notes=event.notes,
        fields=_fields_of(own),
    )


def _fields_of(body: bytes) -> dict[str, str]:
    try:
        own = json.loads(json.loads(body)["generator_metadata"])
        return {
            name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
            for name, value in own.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # a name for a difference only


def pixel_digest(name: str, body: bytes) -> str:
    """Hex sha256 over an image's mode, size and decoded pixels; of every frame of an animation.

    Raises:
        InvalidInputError: it cannot be decoded, or has more than MAX_PIXELS pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise InvalidInputError(f"{name} has more than {MAX_PIXELS} pixels")
                head = f"{image.mode} {image.width}x{image.height}\n".encode()
                digest = hashlib.sha256(head + image.tobytes())
                for number in range(1, getattr(image, "n_frames", 1)):
                    image.seek(number)
                    digest.update(f"{image.info.get('duration')}\n".encode() + image.tobytes())
                return digest.hexdigest()
    except InvalidInputError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for foreign bytes
        raise InvalidInputError(f"{name} cannot be decoded", why=str(error)) from None
