"""The status of a GenerationRun: of constant size, written by the operator only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from vrdata.model import Model

MAX_FAILURE_GROUPS = 20
MAX_MESSAGE = 1024
MAX_REPAIR = 253
MAX_NONDETERMINISTIC = 20

Phase = Literal["Pending", "Queued", "Running", "Finalising", "Suspended", "Succeeded", "Failed"]
ConditionType = Literal[
    "Accepted",
    "Queued",
    "Progressing",
    "Stalled",
    "Suspended",
    "Deterministic",
    "Finished",
    "Succeeded",
]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, max_length=32)]
Count = Annotated[int, Field(ge=0)]


class _Written(Model):
    """Fields of a later release are let through: an operator may be put back."""

    model_config = ConfigDict(extra="ignore")


class Condition(_Written):
    """One condition, as metav1.Condition of the Kubernetes API."""

    type: ConditionType = Field(description="Type of the condition. Example: Finished.")
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    reason: str = Field(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="Reason in CamelCase. Example: AllSamples.",
    )
    message: str = Field(
        default="", max_length=MAX_MESSAGE, description="Details for a person. Default: empty."
    )
    observed_generation: Count = Field(
        default=0, description="metadata.generation that the condition describes. Example: 1."
    )
    last_transition_time: Time = Field(
        description="When status last changed, UTC. Example: 2026-11-20T08:30:00Z."
    )


class ShardCounts(_Written):
    """Shards by state; the states add up to all shards of the class."""

    pending: Count = Field(default=0, description="Not started. Default: 0.")
    active: Count = Field(default=0, description="With a pod. Default: 0.")
    retrying: Count = Field(default=0, description="Failed, and will be retried. Default: 0.")
    succeeded: Count = Field(default=0, description="With a commit marker. Default: 0.")
    failed: Count = Field(default=0, description="Failed for good. Default: 0.")


class SampleCounts(_Written):
    """Samples, counted from commit markers."""

    desired: Count = Field(default=0, description="Requested. Default: 0. Example: 1000.")
    succeeded: Count = Field(default=0, description="Committed. Default: 0.")
    failed: Count = Field(
        default=0, description="Failed samples, and samples of failed shards. Default: 0."
    )


class ClassStatus(_Written):
    """One generator class of the run."""

    name: Literal["O", "G", "M"] = Field(description="The class: O, G or M.")
    samples: SampleCounts = Field(default=SampleCounts(), description="Samples of the class.")
    shards: ShardCounts = Field(default=ShardCounts(), description="Shards of the class.")


class FailureGroup(_Written):
    """Failed shards, or dropped samples, of one generator for one reason, with one example."""

    generator: str = Field(max_length=100, description="Generator. Example: O-maze.")
    reason: str = Field(max_length=64, description="Reason in CamelCase. Example: OutOfMemory.")
    shards: Count = Field(default=0, description="How many shards failed. Example: 3.")
    samples: Count = Field(
        default=0,
        description="How many samples of committed shards failed and were dropped, within "
        "failurePolicy.maxFailedSamples. Example: 12.",
    )
    example_shard: Count = Field(default=0, description="Shard of the example. Example: 17.")
    sample: Count | None = Field(
        default=None, description="First failed sample of the example. Example: 8704."
    )
    message: str = Field(
        default="", max_length=MAX_MESSAGE, description="Message of the example. Default: empty."
    )


class Storage(_Written):
    """Where the run is, and how far the store can be trusted."""

    url: str = Field(
        default="", max_length=1024, description="Folder or prefix of the run. Default: empty."
    )
    mode: Literal["", "strict", "detect"] = Field(
        default="",
        description="strict: nothing can be overwritten. detect: everything is read again at "
        "the end. Default: not known yet.",
    )


class GenerationRunStatus(_Written):
    """What the operator knows of a run."""

    phase: Phase = Field(
        default="Pending", description="For printing only; programs read conditions."
    )
    progress: str = Field(
        default="", max_length=64, description="For printing. Example: 812400/1000000 (81%)."
    )
    failed: Count = Field(default=0, description="Samples that failed for good. Default: 0.")
    rate: str = Field(default="", max_length=32, description="For printing. Example: 148/s.")
    eta: str = Field(default="", max_length=32, description="For printing. Example: 21m.")
    reason: str = Field(
        default="", max_length=128, description="Why the run does not progress, or how it ended."
    )
    observed_generation: Count = Field(
        default=0, description="metadata.generation that this status describes. Example: 1."
    )
    observed_repair: str = Field(
        default="",
        max_length=MAX_REPAIR,
        description="Value of the annotation vrdata.dev/repair that was handled last. "
        "Default: none.",
    )
    plan: str = Field(default="", max_length=80, description="Hash of the plan. Default: empty.")
    storage: Storage = Field(default=Storage(), description="Where the data is.")
    dataset_hash: str = Field(
        default="", max_length=80, description="Hash of the finished dataset. Default: empty."
    )
    duplicates: Count = Field(
        default=0,
        description="Samples of the finished dataset with the same frames and prompt, or the "
        "same rows, as an earlier one. Default: 0.",
    )
    report: str = Field(default="", max_length=1024, description="URL of the report.")
    samples: SampleCounts = Field(default=SampleCounts(), description="All samples.")
    shards: ShardCounts = Field(default=ShardCounts(), description="All shards.")
    bytes: Count = Field(default=0, description="Committed bytes. Default: 0.")
    classes: tuple[ClassStatus, ...] = Field(
        default=(), max_length=3, description="The same by generator class."
    )
    failures: tuple[FailureGroup, ...] = Field(
        default=(), max_length=MAX_FAILURE_GROUPS, description="The largest groups of failures."
    )
    waves: Count = Field(default=0, description="Waves so far. Default: 0.")
    start_time: Time | None = Field(
        default=None, description="When the first Job was created, UTC."
    )
    completion_time: Time | None = Field(default=None, description="When the run ended, UTC.")
    estimated_completion_time: Time | None = Field(
        default=None, description="When the run will end at the current rate, UTC."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(), max_length=8, description="Conditions of the run."
    )

    def condition(self, kind: ConditionType) -> Condition | None:
        """The condition of this type, or None."""
        return next((one for one in self.conditions if one.type == kind), None)

    @property
    def finished(self) -> bool:
        """Whether the run has ended, in whatever way."""
        found = self.condition("Finished")
        return found is not None and found.status == "True"
