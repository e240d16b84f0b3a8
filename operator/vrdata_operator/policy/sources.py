"""Whether the sources of a run are allowed, and when the Job that pins them is repeated. Pure.

A source is pinned by one Job after another; a Job retries nothing itself. The name of each Job has
the number of its try, so the Jobs that exist are all the state that there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.run import GenerationRunSpec
from vrdata.api.source import SourceSpec, is_allowed, is_remote
from vrdata.contract.attempts import start_after
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.recurs import Recurs
from vrdata.dataset.layout import SOURCES
from vrdata.plan.places import places_of_plan
from vrdata.plan.planned import Plan
from vrdata.plan.sources import (
    PinnedPlace,
    PinnedSource,
    PinnedSources,
    Places,
    PlannedSource,
    requested_sources,
)
from vrdata.text import head
from vrdata_operator.policy.retries import ladder
from vrdata_operator.reasons import Reason
from vrdata_operator.state.facts import JobFacts, PodFacts
from vrdata_operator.state.names import resolve_job, try_number
from vrdata_operator.state.rejection import Explanation, Rejection
from vrdata_operator.status.failures import job_failure

MAX_TASK_BYTES = 120_000  # Linux refuses a variable of 128 KiB
MAX_TRIES = 9999  # the names of Jobs have no more digits; they take a week
MAX_DETAIL = 600  # bytes of a failure in a condition, so that the fix is shown
SHOWN_PREFIXES = 5
_REASONS = {
    FailureReason.SOURCE_NOT_FOUND: Reason.SOURCE_NOT_FOUND,
    FailureReason.INVALID_SOURCE: Reason.INVALID_SOURCE,
    FailureReason.SOURCE_CHANGED: Reason.SOURCE_CHANGED,
    FailureReason.SOURCE_UNAVAILABLE: Reason.SOURCE_UNAVAILABLE,
    FailureReason.STORAGE_UNAVAILABLE: Reason.STORAGE_UNAVAILABLE,
    FailureReason.OUTPUT_CHANGED: Reason.STORAGE_UNAVAILABLE,
}


def check_sources(spec: GenerationRunSpec, profile: GenerationProfileSpec) -> Rejection | None:
    """What the profile does not allow; None if it allows all sources that the run names."""
    named = [(name, source.url) for name, source in requested_sources(spec).items()]
    named += [(one.name, source.url) for one in spec.generators for source in one.sources]
    return _first_refused(named, spec, profile)


def check_places(
    places: Places, spec: GenerationRunSpec, profile: GenerationProfileSpec
) -> Rejection | None:
    """What the profile does not allow; None if it allows all that the pipelines of the run read.

    Args:
        places: of the catalogue or the plan.
        spec: of the run.
        profile: whose prefixes apply.
    """
    named = [(name, one.url) for name, sources in places.items() for one in sources]
    return _first_refused(named, spec, profile)


def _first_refused(
    urls: Iterable[tuple[str, str]], spec: GenerationRunSpec, profile: GenerationProfileSpec
) -> Rejection | None:
    """The first source that is not allowed, with the name of its generator."""
    for name, url in urls:
        if not is_remote(url):
            return Rejection(
                Reason.SOURCE_NOT_ALLOWED,
                f"{name} reads {url!r}, and a cluster reads only URLs that begin with hf:// "
                "or s3:// and have no %, ?, # or ..",
                "Copy the data to a bucket or to the Hub, and set source.url, or sources of a "
                "pipeline, to it",
            )
        if not is_allowed(url, profile.sources.allowed):
            shown = ", ".join(profile.sources.allowed[:SHOWN_PREFIXES]) or "none"
            more = ", …" if len(profile.sources.allowed) > SHOWN_PREFIXES else ""
            return Rejection(
                Reason.SOURCE_NOT_ALLOWED,
                f"{name} reads {url}; profile {spec.profile!r} allows: {shown}{more}",
            )
    return None


def readers_only(spec: GenerationRunSpec, places: Places) -> GenerationRunSpec:
    """The run without generators: what the Job that pins its sources needs.

    Args:
        spec: of the run.
        places: what its pipelines read.
    """
    generators = tuple(
        one for one in spec.generators if one.source is not None or one.name in places
    )
    return spec.model_copy(update={"generators": generators})


def sources_of_plan(plan: Plan, spec: GenerationRunSpec) -> PinnedSources | None:
    """The pinned sources as a plan has them; None if it is not the plan of this run."""
    requested = requested_sources(spec)
    planned = {one.name: one.source for one in plan.generators if one.source is not None}
    if planned.keys() != requested.keys():
        return None
    if not all(_is_of(source, requested[name]) for name, source in planned.items()):
        return None
    pins = {
        name: PinnedSource(requested=requested[name], source=source)
        for name, source in planned.items()
    }
    places = {
        name: tuple(
            PinnedPlace(requested=wanted, source=place)
            for wanted, place in zip(requests, plan.generator(name).places, strict=True)
        )
        for name, requests in places_of_plan(plan).items()
    }
    return PinnedSources(sources=pins, places=places)


def _is_of(source: PlannedSource, requested: SourceSpec) -> bool:
    mine = (requested.url, requested.config, requested.split)
    return (source.url, source.config, source.split) == mine


@dataclass(frozen=True)
class Resolution:
    """The tries to pin the sources of one run.

    Attributes:
        uid: of the run.
        profile: gives the memory of a pod.
        jobs: Jobs of the run, by name.
        pods: failed pods of the last Job that has failed.
        now: seconds since the epoch.
    """

    uid: str
    profile: GenerationProfileSpec
    jobs: dict[str, JobFacts]
    now: float
    pods: tuple[PodFacts, ...] = ()

    @cached_property
    def tries(self) -> dict[int, JobFacts]:
        """The Jobs that exist, by the number of their try, in order."""
        first = resolve_job(self.uid)
        found = {try_number(first, name): job for name, job in self.jobs.items()}
        return {number: found[number] for number in sorted(n for n in found if n is not None)}

    @property
    def last(self) -> JobFacts | None:
        """The last Job."""
        return next(reversed(self.tries.values()), None)

    @property
    def running(self) -> JobFacts | None:
        """The Job that has not ended."""
        return self.last if self.last is not None and not self.last.finished else None

    @property
    def ended(self) -> JobFacts | None:
        """The last Job that has ended, unless another one follows a success."""
        found = next((job for job in reversed(self.tries.values()) if job.finished), None)
        return None if self.running and found is not None and found.succeeded else found

    @property
    def foreign(self) -> str:
        """Name of a Job that another object owns; empty = none."""
        return next((job.name for job in self.tries.values() if job.owner_uid != self.uid), "")

    @cached_property
    def failure(self) -> Failure | None:
        """Why the last Job that has ended did not help; None while there is none."""
        if self.ended is None:
            return None
        if self.ended.succeeded:
            message = f"it has ended, and {SOURCES} or a list of items is missing"
            fix = "do the workers and the operator use the same storage?"
            return Failure(reason=FailureReason.OUTPUT_CHANGED, message=f"{message}; {fix}")
        return job_failure(self.ended, self.pods)

    @property
    def number(self) -> int:
        """Number of the next try."""
        return max(self.tries, default=-1) + 1

    @property
    def outdated(self) -> Iterable[str]:
        """Names of Jobs that are not needed when the next try starts: all but the last one."""
        return [job.name for job in list(self.tries.values())[:-1]]

    @property
    def memory(self) -> int:
        """Memory limit of the next try in bytes."""
        steps = ladder(self.profile, "M")
        before = self.last.memory if self.last is not None else 0
        return steps.next(before) if before and self._out_of_memory else before or steps.memory

    @property
    def lasting(self) -> bool:
        """Whether no try follows: it would certainly fail again, or a week has passed."""
        certain = self.failure is not None and self.failure.reason.recurs is Recurs.ALWAYS
        return certain or self.number > MAX_TRIES

    @property
    def starts(self) -> float:
        """When the next try starts, in seconds since the epoch."""
        if self.ended is None or self.ended.ended is None:
            return self.now
        return start_after(self.ended.ended, self.number, self.now)

    @property
    def cause(self) -> Explanation:
        """Why the sources are not pinned yet."""
        failure, ended = self.failure, self.ended
        if failure is None or ended is None:
            return Explanation(Reason.RESOLVING_SOURCES)
        reason = _REASONS.get(failure.reason, Reason.SOURCE_UNAVAILABLE)
        detail, fix = _texts(failure.message)
        if failure.reason not in _REASONS:
            detail = f"{failure.reason}: {detail}"
        if self._out_of_memory:
            fix = "raise classes.M.memoryCeiling of the profile, if this continues"
        ending = f"{fix}. {reason.fix}" if fix else ""
        return Explanation(reason, f"Job {ended.name}: {head(detail, MAX_DETAIL)}", ending)

    @property
    def _out_of_memory(self) -> bool:
        return self.failure is not None and self.failure.reason is FailureReason.OUT_OF_MEMORY


def _texts(message: str) -> tuple[str, str]:
    """What and why of an error, and its fix, from the lines of its text."""
    what, fix = [], ""
    for line in message.splitlines():
        if line.startswith("  fix: "):
            fix = line.removeprefix("  fix: ")
        else:
            what.append(line.removeprefix("  why: ").strip())
    return "; ".join(filter(None, what)), fix.rstrip(".")
