"""What one turn of reconciliation observes of a run: plain, frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vrdata.contract.groups import FailureGroup
from vrdata.contract.records import FailureRecord
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata_operator.state.index_sets import parse_index_set
from vrdata_operator.state.shard_sets import ShardSet

LAST_SHARDS = 16  # of a run: their markers are read without waiting for their Jobs

Task = Literal["shard", "index", "finalise", "describe", "resolve"]


@dataclass(frozen=True, slots=True)
class JobFacts:
    """One Job of a run.

    Attributes:
        wave: number of its wave; None for finalisation.
        active: pods that are pending or running.
        ready: pods that are running and ready.
        terminating: pods that are deleted and have not ended.
        finished: it creates no further pod.
        reason: of the terminal condition, for example FailedIndexes.
        owner_uid: UID of its controller.
        ended: when it finished, in seconds since the epoch; None = not known.
        memory: memory limit of its pods in bytes; 0 = not known.
        waves: of a Job of finalisation: waves of the output when it was created.
        charged: of a Job of finalisation: earlier tries that failed for a charged reason.
    """

    name: str
    task: Task
    wave: int | None = None
    parallelism: int = 0
    suspended: bool = False
    active: int = 0
    ready: int = 0
    terminating: int = 0
    completed: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()
    finished: bool = False
    succeeded: bool = False
    reason: str = ""
    message: str = ""
    owner_uid: str = ""
    ended: float | None = None
    memory: int = 0
    waves: int | None = None
    charged: int = 0


@dataclass(frozen=True, slots=True)
class PodFacts:
    """One pod that does not run, that has failed, or whose node does not answer.

    Attributes:
        index: completion index; None outside Indexed Jobs.
        reason: why it is not scheduled, or why the node ended it.
        message: of the scheduler, of the waiting container, or of the disruption.
        waiting: reason of the waiting container, for example ImagePullBackOff.
        terminated: reason of the terminated container, for example OOMKilled.
        termination_message: what the container left when it ended.
        disrupted: evicted, preempted or lost with its node; the Job replaces it without
            counting a failure.
        ended: when its container ended, as the API server writes times; empty = not known.
        node: where it runs.
        ready: its node says that its container runs.
        terminating: it is deleted and has not ended.
    """

    name: str
    job: str
    index: int | None = None
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    waiting: str = ""
    terminated: str = ""
    exit_code: int | None = None
    termination_message: str = ""
    disrupted: bool = False
    ended: str = ""
    node: str = ""
    ready: bool = False
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A warning event of a Job, for example FailedCreate."""

    job: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over commit markers of one class."""

    shards: int = 0
    samples: int = 0
    failed_samples: int = 0
    bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a long reading of the store is: `done` of `total` commit markers."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that `decide` reads, beside the run and its plan.

    Attributes:
        committed: shards with a commit marker.
        repairing: those of them that a wave of a repair has not generated again yet.
        damaged: these, and those that a repair has found and that are in no such wave: their data
            is missing or damaged, or a finished run lacks their commit marker.
        observed_repair: value of the repair annotation that was handled last.
        totals: sums over their markers, by class.
        dropped: the failed samples that their markers record, by generator and reason.
        waves: wave files in the store, in order.
        jobs: by Job name.
        unreachable: pods whose node has not answered for some seconds.
        stuck: those of them that are deleted, after minutes: they are not waited for.
        failures: the last known failure of each shard that failed an attempt.
        failed_at: when the operator saw it, in seconds since the epoch.
        previous: the last charged failure before it, in the same run or repair.
        dataset_hash: of a finalised run, else empty.
        duplicates: samples of a finalised run that are equal to an earlier one.
        nondeterministic: objects that were generated twice with different bytes.
        reading: set while the store is not completely read: nothing may be concluded from what
            is not known yet.
        behind: more can be read now.
    """

    now: float
    committed: ShardSet = field(default_factory=ShardSet)
    repairing: ShardSet = field(default_factory=ShardSet)
    damaged: ShardSet = field(default_factory=ShardSet)
    observed_repair: str = ""
    totals: dict[str, Totals] = field(default_factory=dict)
    dropped: tuple[FailureGroup, ...] = ()
    waves: tuple[Wave, ...] = ()
    jobs: dict[str, JobFacts] = field(default_factory=dict)
    pods: tuple[PodFacts, ...] = ()
    events: tuple[JobEvent, ...] = ()
    unreachable: tuple[PodFacts, ...] = ()
    stuck: tuple[PodFacts, ...] = ()
    failures: dict[Shard, FailureRecord] = field(default_factory=dict)
    failed_at: dict[Shard, float] = field(default_factory=dict)
    previous: dict[Shard, FailureRecord] = field(default_factory=dict)
    dataset_hash: str = ""
    duplicates: int = 0
    nondeterministic: tuple[str, ...] = ()
    reading: Reading | None = None
    behind: bool = False


def index_set(text: object) -> frozenset[int]:
    """Parse the Job controller's index set; it is empty before the first index ends."""
    return parse_index_set(text) if isinstance(text, str) else frozenset()
