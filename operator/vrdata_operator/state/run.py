"""One accepted run: everything that `decide` reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.run import GenerationRunSpec
from vrdata.api.status import GenerationRunStatus
from vrdata.contract.worker import WorkerConfig
from vrdata.plan.planned import Plan
from vrdata_operator.state.facts import Facts
from vrdata_operator.state.history import History
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.names import wave_job
from vrdata_operator.state.shard_sets import ShardSet


@dataclass(frozen=True)
class RunView:
    """A run, its plan, and what is observed of it.

    Attributes:
        generation: metadata.generation.
        config: what every worker of the run receives.
        pods: pods that may run at the same time.
        status: the stored status.
        rate: samples per second in the last minutes; None = not known.
    """

    identity: RunIdentity
    generation: int
    spec: GenerationRunSpec
    profile: GenerationProfileSpec
    plan: Plan
    config: WorkerConfig
    url: str
    pods: int
    status: GenerationRunStatus
    facts: Facts
    rate: float | None = None

    @cached_property
    def history(self) -> History:
        """The waves so far."""
        return History(self.facts.waves, self.identity.uid)

    @cached_property
    def open(self) -> dict[int, ShardSet]:
        """Uncommitted shards by the latest wave that contains them."""
        return self.history.open_shards(self.facts.committed)

    @cached_property
    def ended(self) -> dict[int, ShardSet]:
        """Uncommitted shards of waves whose Job has ended: their attempt failed."""
        return {
            number: shards
            for number, shards in self.open.items()
            if (job := self.facts.jobs.get(wave_job(self.identity.uid, number))) is not None
            and job.finished
        }

    @cached_property
    def lost(self) -> ShardSet:
        """Shards whose last attempt failed."""
        history, policy = self.history, self.spec.failure_policy
        lost = ShardSet()
        for number, shards in self.ended.items():
            if history.is_last(history.waves[number].attempt, policy):
                lost |= shards
        return lost

    @cached_property
    def shards(self) -> int:
        """Number of shards of the plan."""
        return sum(planned.shards for planned in self.plan.generators)

    @property
    def complete(self) -> bool:
        """Whether every shard has its commit marker."""
        return not ShardSet.of_plan(self.plan) - self.facts.committed
