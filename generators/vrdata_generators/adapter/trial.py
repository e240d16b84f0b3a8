"""Make one block with a generator and keep what can be compared and measured of it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image
from vrdata_worker.template import BlockRequest, GeneratorTemplate, Launch, TemplateBrokenError

from vrdata.errors import InvalidInputError
from vrdata_worker import events
from vrdata_worker.failures import LOG_TAIL_BYTES

BLOCK_SECONDS = 900
SAMPLE_SECONDS = 300
POLL_SECONDS = 0.2
MEMORY_BYTES = 8 * 1024**3
MAX_PIXELS = 8192 * 8192


@dataclass(frozen=True, slots=True)
class TrialSample:
    """One sample's comparable facts.

    Attributes:
        files: name → hex sha256 of the bytes.
        pixels: name of an image → hex sha256 of its decoded pixels.
        frames: hex sha256 over the frames handed to the video encoder, or "".
    """

    id: str
    domain: str
    files: dict[str, str]
    pixels: dict[str, str]
    video: str
    frames: str
    bytes: int

    def same_content(self, other: TrialSample) -> bool:
        """Equal names, decoded images, video frames and other files (encoders may differ)."""
        return self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        coded = {*self.pixels, self.video}
        plain = {name: digest for name, digest in self.files.items() if name not in coded}
        return self.id, sorted(self.files), plain, self.pixels, self.frames


@dataclass(frozen=True, slots=True)
class Trial:
    """One block's outcome.

    Attributes:
        samples: finished samples by position.
        invalid: `reason: message` of each sample that cannot be used.
        error: what ended the block early, or "".
        log: the end of what the generator printed.
        seconds: CPU seconds of the block's child.
    """

    samples: dict[int, TrialSample]
    invalid: tuple[str, ...]
    error: str
    log: str
    seconds: float
    peak_memory_bytes: int

    def same_content(self, other: Trial) -> bool:
        """True when both made the same samples."""
        return self.samples.keys() == other.samples.keys() and all(
            sample.same_content(other.samples[position])
            for position, sample in self.samples.items()
        )

    def same_bytes(self, other: Trial) -> bool:
        """True when both made the same samples, byte for byte."""
        return self.same_content(other) and all(
            sample.files == other.samples[position].files
            for position, sample in self.samples.items()
        )


class BrokenGeneratorError(Exception):
    """The generator cannot be imported ahead; `args[0]` says why."""


@dataclass(slots=True)
class _Progress:
    samples: dict[int, TrialSample] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)
    exit: events.Exit | None = None
    killed: str = ""


def run_trial(  # noqa: PLR0913 - the block's facts
    launch: Launch,
    scratch: Path,
    *,
    seed: int,
    count: int,
    want: int,
    keep: Path | None = None,
) -> Trial:
    """Make the first `want` samples of a block of `count`, in a process of its own.

    Args:
        launch: the generator and how it is run; frames are hashed in any case.
        scratch: an existing private folder.
        seed: the block's seed.
        count: samples of a whole block.
        want: samples needed, at most count.
        keep: an existing folder that finished samples are copied to, as `{id}/`.

    Raises:
        BrokenGeneratorError: the template cannot import or find the generator.
    """
    folder = Path(tempfile.mkdtemp(prefix="trial-", dir=scratch))
    with _template(replace(launch, hash_frames=True), folder) as template:
        block = folder / "block"
        block.mkdir()
        template.submit(
            BlockRequest(block=0, seed=seed, count=count, want=want, start=0, dir=block, args=())
        )
        progress = _follow(template, keep)
        log = _log_tail(block)
    shutil.rmtree(folder, ignore_errors=True)
    return _outcome(progress, log, want)


@contextmanager
def _template(launch: Launch, scratch: Path) -> Iterator[GeneratorTemplate]:
    template = GeneratorTemplate(launch, scratch)
    try:
        try:
            template.start()
        except TemplateBrokenError as error:
            raise BrokenGeneratorError(str(error)) from None
        yield template
    finally:
        template.close()


def _follow(template: GeneratorTemplate, keep: Path | None) -> _Progress:
    progress = _Progress()
    started = last = time.monotonic()
    while progress.exit is None:
        event = template.poll(POLL_SECONDS)
        now = time.monotonic()
        if event is not None:
            last = now
        _take(event, progress, keep)
        if not progress.killed and progress.exit is None:
            progress.killed = _limit(template, now - started, now - last)
            if progress.killed:
                template.kill_block(0)
    return progress


def _limit(template: GeneratorTemplate, total: float, quiet: float) -> str:
    if total > BLOCK_SECONDS:
        return f"the block took longer than {BLOCK_SECONDS} s"
    if quiet > SAMPLE_SECONDS:
        return f"no new sample for {SAMPLE_SECONDS} s"
    if template.rss_bytes(0) > MEMORY_BYTES:
        return f"the generator used more than {MEMORY_BYTES // 2**30} GiB of memory"
    return ""


def _take(event: events.Event | None, progress: _Progress, keep: Path | None) -> None:
    match event:
        case events.Sample():
            progress.samples[event.position] = _measured(event)
            if keep is not None:
                shutil.copytree(event.folder, keep / event.id)
            shutil.rmtree(event.folder, ignore_errors=True)
        case events.Invalid():
            progress.invalid.append(f"{event.reason}: {event.message}")
        case events.Exit():
            progress.exit = event
        case _:
            pass


def _measured(event: events.Sample) -> TrialSample:
    images = [file.name for file in event.files if file.name.lower().endswith(".png")]
    return TrialSample(
        id=event.id,
        domain=event.domain,
        files={file.name: file.sha256 for file in event.files},
        pixels={name: pixel_digest(event.folder / name) for name in images},
        video=event.video.name if event.video else "",
        frames=event.video.frames_sha256 if event.video else "",
        bytes=sum(file.size for file in event.files),
    )


def pixel_digest(path: Path) -> str:
    """Hex sha256 over an image's mode, size and decoded pixels.

    Raises:
        InvalidInputError: it cannot be decoded, or has more than MAX_PIXELS pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise InvalidInputError(f"{path.name} has more than {MAX_PIXELS} pixels")
                head = f"{image.mode} {image.width}x{image.height}\n".encode()
                return hashlib.sha256(head + image.tobytes()).hexdigest()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInputError(f"{path.name} cannot be decoded", why=str(error)) from None


def _outcome(progress: _Progress, log: str, want: int) -> Trial:
    end = progress.exit
    if end is None:
        raise RuntimeError("a followed block has an end")
    error = progress.killed or end.error
    made = len(progress.samples) + len(progress.invalid)
    if not error and end.signal is not None:
        error = f"the generator was ended by signal {end.signal}"
    if not error and made < want:
        error = f"the generator made {made} of {want} samples and ended with code {end.code}"
    return Trial(
        samples=progress.samples,
        invalid=tuple(progress.invalid),
        error=error,
        log=log,
        seconds=end.cpu_seconds,
        peak_memory_bytes=end.peak_memory_bytes,
    )


def _log_tail(folder: Path) -> str:
    path = folder / "log.txt"
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
            return log.read(LOG_TAIL_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return ""
