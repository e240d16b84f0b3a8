"""The commit marker: one shard's manifest, the only proof that the shard is done."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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
    """What is known of the ground-truth video: frames, frames per second, pixels, encoder."""

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
    """A sample that could not be made and that the failure policy let pass.

    Attributes:
        traceback: the end of the generator's traceback, for the sample that it belongs to.
    """

    index: int = Field(ge=0)
    reason: str
    message: str = ""
    traceback: str = ""


class DataObject(Model):
    """One object that holds the shard's data."""

    key: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Attempt(Model):
    """Facts of the attempt that won; they never influence content.

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
    """One committed shard, its data objects and its samples in index order."""

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardManifest"] = "ShardManifest"
    plan: str
    generator: str
    digest: str
    shard: int = Field(ge=0)
    start: int = Field(ge=0)
    stop: int = Field(ge=1)
    format: OutputFormat
    data: tuple[DataObject, ...]
    samples: tuple[SampleRecord, ...]
    failed: tuple[FailedSample, ...] = ()
    attempt: Attempt = Attempt()

    @property
    def bytes(self) -> int:
        """Bytes of all data objects."""
        return sum(item.size for item in self.data)
