"""What a commit marker holds: one shard's manifest, then one record for each of its samples.

The marker is the only proof that its shard is done. How it is encoded: `vrdata.dataset.codec`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, Self

from pydantic import Field, model_validator

from vrdata.hermetic import Hermetic
from vrdata.model import API_VERSION, Model, OutputFormat

ROWS_FILE = "rows.arrow"
"""The rows of an item, as the child of a converter writes them."""

ROWS_RECORD = "rows.json"
"""The digest of the rows of an item, as its sample's only file."""


def unit_of(file_names: Collection[str]) -> str:
    """What a run counts: `item` if its samples are the rows of items, otherwise `sample`.

    Args:
        file_names: names of its samples' files.
    """
    return "item" if set(file_names) == {ROWS_RECORD} else "sample"


class FileRecord(Model):
    """One file of a sample.

    Attributes:
        name: name in the sample's folder, e.g. `first_frame.png`.
        size: size in bytes.
        sha256: hex digest of the bytes.
        offset: first byte of the content in the shard's tar; only in format webdataset.
    """

    name: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    offset: int | None = None


class VideoRecord(Model):
    """The ground-truth video.

    Attributes:
        name: name of its file.
        frames: number of frames.
        fps: frames per second; the average if their times vary.
        width: pixels.
        height: pixels.
        encoder: encoder and settings, or the codec of a video that was not encoded again.
    """

    name: str
    frames: int = Field(ge=1)
    fps: float
    width: int
    height: int
    encoder: str


class SampleRecord(Model):
    """One sample, with the facts that identify and reproduce it.

    Attributes:
        kind: always `Sample`.
        index: global sample index.
        id: `DOMAIN_INDEX`, the index with at least eight digits.
        domain: domain of the generator's task.
        block: number of its block.
        seed: seed of its block.
        files: its files, sorted by name, each with `name`, `size`, `sha256` and, in format
            webdataset, `offset`.
        video: the ground-truth video: `name`, `frames`, `fps`, `width`, `height`, `encoder`.
        content: sha256 over decoded first and final frame and prompt, or over an item's rows; equal
            for duplicates, empty if unknown or if the item has no rows.
        param_hash: the generator's own parameter hash, if it writes one.
        item: file or folder of a source that a pipeline made it from, as in `raw/a.png`; None = not
            known.
    """

    kind: Literal["Sample"] = "Sample"
    index: int = Field(ge=0)
    id: str
    domain: str
    block: int = Field(ge=0)
    seed: int
    files: tuple[FileRecord, ...]
    video: VideoRecord | None = None
    content: str = ""
    param_hash: str = ""
    item: str | None = None


class FailedSample(Model):
    """A sample that could not be generated, within the failure budget.

    Attributes:
        kind: always `FailedSample`.
        index: global sample index.
        reason: CamelCase reason.
        message: what happened.
        traceback: the end of the generator's traceback, at most 2000 bytes without control
            characters; empty when the generator did not raise on this sample. Its paths are those
            of the machine that generated the shard.
        lost_seconds: that the sample took until it failed, and the search for it; None = unknown,
            or it failed because of another one.
    """

    kind: Literal["FailedSample"] = "FailedSample"
    index: int = Field(ge=0)
    reason: str
    message: str = ""
    traceback: str = ""
    lost_seconds: float | None = Field(default=None, ge=0)


Record = SampleRecord | FailedSample
"""One line of a commit marker after the first."""


class DroppedSamples(Model):
    """The samples of one shard that failed for one reason.

    Attributes:
        reason: CamelCase reason.
        samples: number of samples.
        sample: global index of the first.
        message: first line of its message, shortened.
    """

    reason: str
    samples: int = Field(ge=1)
    sample: int = Field(ge=0)
    message: str = ""


class DataObject(Model):
    """One data object.

    Attributes:
        key: its key, below the run's folder.
        size: size in bytes.
        sha256: hex digest of the bytes.
        columns: hex digest of the columns of a converter's rows; None = it has no rows.
    """

    key: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    columns: str | None = None


class FileObjects(Model):
    """The objects of a shard in format files; their keys follow from the sample records.

    Attributes:
        objects: number of objects.
        bytes: bytes of all of them.
    """

    objects: int = Field(ge=0)
    bytes: int = Field(ge=0)


class RecordLines(Model):
    """The lines of a commit marker after the first.

    Attributes:
        lines: number of lines.
        bytes: bytes of all of them, newlines included.
        sha256: hex digest of these bytes.
    """

    lines: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Attempt(Model):
    """Facts of the attempt that committed the shard; they never influence content.

    Attributes:
        number: number of the attempt, from 0.
        seconds: wall seconds of the attempt.
        cpu_seconds: CPU seconds of its generator children.
        peak_memory_bytes: largest resident peak of a child.
        architecture: machine architecture of the pixels (promises L2 and L3).
        host: name of the machine or pod.
        version: version of vrdata.
        hermetic: how far the kernel sandboxed its generator; None = the marker is of an earlier
            version of vrdata.
    """

    number: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    architecture: str = ""
    host: str = ""
    version: str = ""
    hermetic: Hermetic | None = None


class ShardManifest(Model):
    """The first line of a commit marker: everything about the shard except its records.

    Attributes:
        api_version: always `vrdata.dev/v1alpha1`.
        kind: always `ShardManifest`.
        plan: hash of the plan.
        generator: name of the generator.
        digest: the generator's digest, from the plan.
        shard: number of the shard.
        start: first global sample index.
        stop: the index after the last one.
        format: output format.
        archive: the shard's archive with `key`, `size` and `sha256`, and of a converter's rows
            `columns` (sha256 of their names and types); absent in format files.
        files: number of `objects` and their `bytes`; only in format files, where the keys follow
            from the records.
        samples: number of samples.
        failed_samples: number of samples that could not be generated.
        dropped: why these samples failed: one entry for each reason, the most frequent first, with
            `reason`, `samples` (how many), `sample` (index of the first) and `message` (its first
            line, shortened). It has as much as the first line can hold; absent without failed
            samples.
        attempt: facts of the attempt that committed the shard: `number`, `seconds`, `cpuSeconds`,
            `peakMemoryBytes`, `architecture`, `host`, `version`, `hermetic`
            (`level`, `landlock`, `missing`: how far the kernel sandboxed the generator). They never
            influence content.
        records: number of `lines` after this one, their `bytes` and `sha256`.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardManifest"] = "ShardManifest"
    plan: str
    generator: str
    digest: str
    shard: int = Field(ge=0)
    start: int = Field(ge=0)
    stop: int = Field(ge=1)
    format: OutputFormat
    archive: DataObject | None = None
    files: FileObjects | None = None
    samples: int = Field(ge=0)
    failed_samples: int = Field(default=0, ge=0)
    dropped: tuple[DroppedSamples, ...] | None = None
    attempt: Attempt = Attempt()
    records: RecordLines

    @model_validator(mode="after")
    def _has_data_of_its_format(self) -> Self:
        in_files = self.format == "files"
        if (self.files is not None) != in_files or (self.archive is not None) == in_files:
            raise ValueError("format files has `files`, every other format has `archive`")
        return self

    @property
    def data(self) -> tuple[DataObject, ...]:
        """The archive; nothing in format files."""
        return (self.archive,) if self.archive is not None else ()

    @property
    def bytes(self) -> int:
        """Bytes of all data objects."""
        if self.archive is not None:
            return self.archive.size
        return self.files.bytes if self.files is not None else 0
