"""The status of a GenerationRun: of constant size, written by the operator only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from vrdata.model import Model

MAX_FAILURE_GROUPS = 20
MAX_MESSAGE = 1024
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

    type: ConditionType = Field(description="What is said. Example: Finished.")
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    reason: str = Field(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="One CamelCase word. Example: AllSamples.",
    )
    message: str = Field(
        default="", max_length=MAX_MESSAGE, description="Details for a person. Default: empty."
    )
    observed_generation: Count = Field(
        default=0, description="metadata.generation that this was found for. Example: 1."
    )
    last_transition_time: Time = Field(
        description="When status last changed, UTC. Example: 2026-11-20T08:30:00Z."
    )


class ShardCounts(_Written):
    """Shards by state; the states add up to all shards of the class."""

    pending: Count = Field(default=0, description="Not begun. Default: 0.")
    active: Count = Field(default=0, description="With a pod. Default: 0.")
    retrying: Count = Field(default=0, description="Failed once, to be tried again. Default: 0.")
    succeeded: Count = Field(default=0, description="With a commit marker. Default: 0.")
    failed: Count = Field(default=0, description="Failed for good. Default: 0.")


class SampleCounts(_Written):
    """Samples, counted from commit markers."""

    desired: Count = Field(default=0, description="Asked for. Default: 0. Example: 1000.")
    succeeded: Count = Field(default=0, description="Committed. Default: 0.")
    failed: Count = Field(
        default=0, description="Left out by the failure policy, or in failed shards. Default: 0."
    )


class ClassStatus(_Written):
    """One generator class of the run."""

    name: Literal["O", "G", "M"] = Field(description="The class: O, G or M.")
    samples: SampleCounts = Field(default=SampleCounts(), description="Samples of the class.")
    shards: ShardCounts = Field(default=ShardCounts(), description="Shards of the class.")


class FailureGroup(_Written):
    """Shards that failed for one reason, with one example."""

    generator: str = Field(max_length=100, description="Generator. Example: O-maze.")
    reason: str = Field(max_length=64, description="One word. Example: OutOfMemory.")
    shards: Count = Field(description="How many shards. Example: 3.")
    example_shard: Count = Field(default=0, description="One of them. Example: 17.")
    sample: Count | None = Field(
        default=None, description="First offending sample of the example. Example: 8704."
    )
    message: str = Field(
        default="", max_length=MAX_MESSAGE, description="The example's own words. Default: empty."
    )


class Storage(_Written):
    """Where the run is, and how far the store can be trusted."""

    url: str = Field(default="", max_length=1024, description="The run's folder. Default: empty.")
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
        default="", max_length=128, description="Why it does not run, or how it ended."
    )
    observed_generation: Count = Field(
        default=0, description="metadata.generation that this status describes. Example: 1."
    )
    plan: str = Field(default="", max_length=80, description="Hash of the plan. Default: empty.")
    storage: Storage = Field(default=Storage(), description="Where the data is.")
    dataset_hash: str = Field(
        default="", max_length=80, description="Hash of the finished dataset. Default: empty."
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
    start_time: Time | None = Field(default=None, description="When work began, UTC.")
    completion_time: Time | None = Field(default=None, description="When the run ended, UTC.")
    estimated_completion_time: Time | None = Field(
        default=None, description="When it will end at the present rate, UTC."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(), max_length=8, description="What is true of the run."
    )

    def condition(self, kind: ConditionType) -> Condition | None:
        """The condition of this type, or None."""
        return next((one for one in self.conditions if one.type == kind), None)

    @property
    def finished(self) -> bool:
        """Whether the run has ended, in whatever way."""
        found = self.condition("Finished")
        return found is not None and found.status == "True"
