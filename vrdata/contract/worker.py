"""The worker's contract: what it is told, what it answers, and its exit codes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vrdata.model import Model


class StoreSettings(Model):
    """How to open the store; credentials come from the environment or files, never from here."""

    url: str
    endpoint: str = ""
    region: str = ""
    aws_profile: str = ""
    checksums: Literal["auto", "when_required"] = "auto"


class WorkerConfig(Model):
    """What holds for every shard a worker process makes.

    Attributes:
        store: the object store's root (the run's prefix is `prefix`).
        prefix: `{namespace}/{run}/` below the root.
        plan: hash of the plan; a stored plan with another hash is exit 40.
        catalogues: paths of catalogue files, beside the first-party generators.
        commit_mode: `detect` when the store ignores create-only writes.
        scratch: folder for temporary files; the worker makes and removes its own below it.
        children: generator children that run at once.
        sample_timeout_seconds: longest pause between two samples of a child.
        memory_bytes: resident limit of one child; 0 = none.
        run: UID of the GenerationRun that asks, for its failure records; empty for a local run.
    """

    store: StoreSettings
    prefix: str
    plan: str
    catalogues: tuple[str, ...] = ()
    commit_mode: Literal["strict", "detect"] = "strict"
    scratch: str = ""
    children: int = Field(default=1, ge=1, le=256)
    sample_timeout_seconds: float = Field(default=600.0, gt=0)
    memory_bytes: int = Field(default=0, ge=0)
    run: str = ""


class ShardTask(Model):
    """One shard to make. One JSON line on the worker's standard input."""

    generator: str
    shard: int = Field(ge=0)
    attempt: int = Field(default=0, ge=0)
    allow_failed_samples: int = Field(default=0, ge=0)
    memory_bytes: int = Field(default=0, ge=0)


class ShardOutcome(Model):
    """What became of one shard. One JSON line on the worker's standard output."""

    event: Literal["shard"] = "shard"
    generator: str
    shard: int
    attempt: int
    exit_code: int
    reason: str
    already: bool = False
    nondeterministic: bool = False
    message: str = ""
    sample: int | None = None
    samples: int = 0
    failed_samples: int = 0
    bytes: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0


class SampleDone(Model):
    """Progress: samples of a shard made so far (not yet committed)."""

    event: Literal["progress"] = "progress"
    generator: str
    shard: int
    samples: int


class ShardMade(Model):
    """A shard's samples are made and its upload begins; the worker can take another task."""

    event: Literal["made"] = "made"
    generator: str
    shard: int
