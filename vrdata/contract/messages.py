"""What a worker process tells the local run: one JSON line each on its standard output."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from vrdata.contract.groups import FailureGroup
from vrdata.contract.records import FailureRecord
from vrdata.model import Model


class ShardCommitted(Model):
    """A shard is committed.

    Attributes:
        already: its commit marker existed before this attempt.
        nondeterministic: key of a stored object whose bytes differ from the generated ones, or "".
        dropped: its failed samples by reason.
        seconds: wall seconds of the attempt.
        cpu_seconds: CPU seconds of its generator children.
        peak_memory_bytes: largest resident memory of one child.
        lost_seconds: seconds of `seconds` that failed samples took, and the search for them.
    """

    kind: Literal["ShardCommitted"] = "ShardCommitted"
    generator: str
    shard: int
    attempt: int
    already: bool = False
    nondeterministic: str = ""
    samples: int = 0
    failed_samples: int = 0
    dropped: tuple[FailureGroup, ...] = ()
    bytes: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    lost_seconds: float = 0.0


class ShardProgress(Model):
    """Samples of a shard that are generated so far and not committed yet."""

    kind: Literal["ShardProgress"] = "ShardProgress"
    generator: str
    shard: int
    samples: int


class ShardGenerated(Model):
    """All samples of a shard are generated and its upload begins; the worker takes another task."""

    kind: Literal["ShardGenerated"] = "ShardGenerated"
    generator: str
    shard: int


class WorkerWarning(Model):
    """Something that the user should know; it ends nothing.

    Attributes:
        message: what, and what it means; equal for all workers of a machine.
        fix: what the user can do.
    """

    kind: Literal["WorkerWarning"] = "WorkerWarning"
    message: str
    fix: str = ""


class StoreWait(Model):
    """A request of the worker waits for the store or a source, or such a wait has ended.

    Attributes:
        why: it cannot be used; "" = the wait has ended.
        seconds: how long the request has waited.
        limit: how long it waits at most, in seconds.
        answered: it has answered.
        source: the generator whose source is waited for; "" = the store.
    """

    kind: Literal["StoreWait"] = "StoreWait"
    why: str
    seconds: float = 0.0
    limit: float = 0.0
    answered: bool = False
    source: str = ""


class WorkerNotice(Model):
    """Something that the user should know and that the worker handles by itself."""

    kind: Literal["WorkerNotice"] = "WorkerNotice"
    message: str


Message = (
    ShardCommitted
    | FailureRecord
    | ShardProgress
    | ShardGenerated
    | StoreWait
    | WorkerNotice
    | WorkerWarning
)
MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])
