"""What a commit marker holds: one shard's manifest, then one record for each of its samples.

The marker is the only proof that its shard is done. How it is encoded: `vrdata.dataset.codec`.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from vrdata.model import API_VERSION, Model, OutputFormat


class FileRecord(Model):
    """One file of a sample.

    Attributes:
        name: as in the sample's folder, e.g. `first_frame.png`.
        size: bytes.
        sha256: hex digest of the bytes.
        offset: first byte of the content inside the shard's tar (webdataset only).
    """

    name: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    offset: int | None = None


class VideoRecord(Model):
    """The ground-truth video: number of frames, frames per second, size in pixels, encoder."""

    name: str
    frames: int = Field(ge=1)
    fps: float
    width: int
    height: int
    encoder: str


class SampleRecord(Model):
    """One sample, with the facts that identify and reproduce it.

    Attributes:
        index: global sample index.
        seed: seed of its block.
        content: sha256 over decoded first and final frame and prompt; equal for duplicates.
        param_hash: the generator's own parameter hash, when it writes one.
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


class FailedSample(Model):
    """A sample that could not be generated, within the failure budget.

    Attributes:
        index: global sample index.
        traceback: the end of the generator's traceback, on the sample that raised it.
    """

    kind: Literal["FailedSample"] = "FailedSample"
    index: int = Field(ge=0)
    reason: str
    message: str = ""
    traceback: str = ""


Record = SampleRecord | FailedSample
"""One line of a commit marker after the first."""


class DataObject(Model):
    """One object that holds data of a shard."""

    key: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


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
        seconds: wall seconds of the attempt.
        cpu_seconds: CPU seconds of its generator children.
        peak_memory_bytes: largest resident peak of a child.
        architecture: machine architecture of the pixels (promises L2 and L3).
    """

    number: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    architecture: str = ""
    host: str = ""
    version: str = ""


class ShardManifest(Model):
    """The first line of a commit marker: everything about the shard except its records.

    Attributes:
        plan: hash of the plan.
        digest: the generator's digest, from the plan.
        start: first global sample index.
        stop: the index after the last one.
        archive: the shard's archive; None in format files.
        files: the shard's objects in format files; None in the other formats.
        samples: number of samples.
        failed_samples: number of samples that could not be generated.
        records: size and digest of the records that follow.
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
