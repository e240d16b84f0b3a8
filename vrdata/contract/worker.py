"""What a worker process is told: its configuration and its shards."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vrdata.model import Model
from vrdata.plan.planned import Plan, Shard


class StoreSettings(Model):
    """How to open the store; credentials come from the environment or files, never from here."""

    url: str
    endpoint: str = ""
    region: str = ""
    aws_profile: str = ""
    checksums: Literal["auto", "when_required"] = "auto"


class WorkerConfig(Model):
    """What is the same for all shards of a worker process.

    Attributes:
        store: the object store's root.
        prefix: the run's part of the store, `{namespace}/{run}/` below the root.
        plan: hash of the plan; a stored plan with another hash is a ContractMismatch.
        catalogues: paths of catalogue files, in addition to the first-party generators.
        commit_mode: `detect` when the store ignores create-only writes.
        scratch: folder for temporary files; the worker creates and removes its own below it.
        children: concurrent generator children.
        sample_timeout_seconds: longest time between two samples of a child.
        memory_bytes: memory limit of one block; 0 = no limit.
        scratch_bytes: scratch space of one block; 0 = what is free.
        run: UID of the GenerationRun, for its failure records; empty for a local run.
        hermetic: how far the kernel must sandbox generators, else the worker refuses to generate.
            None = as far as it can; then it is omitted, as workers of earlier versions expect.
        max_failed_items: items of a source that each attempt of a shard may drop, because they
            would certainly fail again; None = none.
        sources: folder of staged sources that the workers of a local run share; None = each worker
            has its own.
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
    scratch_bytes: int = Field(default=0, ge=0)
    run: str = ""
    hermetic: Literal["kernel"] | None = None
    max_failed_items: int | None = Field(default=None, ge=1)
    sources: str | None = None


def droppable_items(plan: Plan, max_failed_samples: int) -> int | None:
    """The `max_failed_items` of a run.

    Args:
        plan: of the run.
        max_failed_samples: of its failure policy.
    """
    reads = any(planned.reads for planned in plan.generators)
    return max_failed_samples or None if reads else None


class ShardTask(Model):
    """One shard to generate. One JSON line on the worker's standard input.

    Attributes:
        attempt: number of the attempt, from 0.
        uncharged: how many of the attempts before it are not charged to `failurePolicy.retries`,
            because they were interrupted.
        allow_failed_samples: invalid samples that the shard may drop.
        memory_bytes: memory limit of one block; 0 = the configuration's.
        repair: the shard is committed and its data is missing or damaged: generate it, and write
            what is missing if its bytes are those of the commit marker.
    """

    generator: str
    shard: int = Field(ge=0)
    attempt: int = Field(default=0, ge=0)
    uncharged: int = Field(default=0, ge=0)
    allow_failed_samples: int = Field(default=0, ge=0)
    memory_bytes: int = Field(default=0, ge=0)
    repair: bool = False

    @property
    def key(self) -> Shard:
        """The shard."""
        return Shard(self.generator, self.shard)
