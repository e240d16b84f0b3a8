"""May this run be made, and as what: run, profile and catalogue make a plan, or a reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vrdata.api.profile import GenerationProfile, GenerationProfileSpec
from vrdata.api.run import GenerationRun, GenerationRunSpec
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import ImageCatalogue
from vrdata.plan.continuing import begin_or_continue
from vrdata.plan.planned import Plan

IMAGE_FIX = "name what the profile's image holds, or a profile whose image holds it"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a run is not begun: a CamelCase reason, what is wrong and how to mend it."""

    reason: str
    message: str


def check_profile(
    run: GenerationRun, profile: GenerationProfile | None, claim: str
) -> Rejection | None:
    """What the run's own words and its profile already exclude.

    Args:
        claim: the PersistentVolumeClaim that the operator mounts; empty = none.
    """
    if profile is None:
        return Rejection(
            "UnknownProfile",
            f"there is no GenerationProfile {run.spec.profile!r} in the operator's namespace; "
            "name another one in spec.profile, or ask an administrator to create it",
        )
    return check_storage(profile, claim) or _check_limits(run.spec, profile.spec)


def check_storage(profile: GenerationProfile, claim: str) -> Rejection | None:
    """What the profile itself lacks: an image, or a place for the data that the operator sees.

    Args:
        claim: the PersistentVolumeClaim that the operator mounts; empty = none.
    """
    wanted = profile.spec
    if not wanted.image:
        return _unusable(profile, "spec.image is empty: name a worker image by digest")
    if not (wanted.storage.url or wanted.storage.persistent_volume_claim):
        return _unusable(profile, "spec.storage is empty: set url, or persistentVolumeClaim")
    wish = wanted.storage.persistent_volume_claim
    if wish and wish != claim:
        mounted = f"mounts only {claim!r}" if claim else "mounts none"
        return _unusable(
            profile,
            f"spec.storage.persistentVolumeClaim is {wish!r}, and the operator {mounted}; name "
            "that one, or install the chart with storage.persistentVolumeClaim set to this one",
        )
    return None


def _check_limits(spec: GenerationRunSpec, wanted: GenerationProfileSpec) -> Rejection | None:
    if spec.queue_name and spec.queue_name not in wanted.allowed_queues:
        allowed = ", ".join(wanted.allowed_queues) or "none"
        return Rejection(
            "QueueNotAllowed",
            f"spec.queueName: profile {spec.profile!r} does not allow queue "
            f"{spec.queue_name!r} (allowed: {allowed})",
        )
    if spec.parallelism is not None and spec.parallelism > wanted.limits.max_parallelism:
        return Rejection(
            "TooMuchParallelism",
            f"spec.parallelism is {spec.parallelism}; profile {spec.profile!r} allows "
            f"{wanted.limits.max_parallelism}",
        )
    if spec.dedup.enabled:
        return Rejection(
            "InvalidSpec",
            "spec.dedup.enabled: replacing duplicates is not available in this release; "
            "set it to false (duplicates are counted in dataset.json)",
        )
    return None


def make_plan(
    run: GenerationRun,
    profile: GenerationProfile,
    image: ImageCatalogue,
    adopt: Plan | None,
) -> Plan | Rejection:
    """The plan that `vrdata run --local` would make inside the profile's image.

    Data that were begun go on with their own generators, though globs match more by now.

    Args:
        run: what to make.
        profile: whose limits hold.
        image: what its image holds.
        adopt: the plan that stands in the output already, if any.
    """
    try:
        plan = begin_or_continue(run, image.catalogue, versions=image.versions, stored=adopt).plan
    except InvalidInputError as error:
        if "generator" in error.what:
            return Rejection("UnknownGenerator", f"{error.what}; {error.why}; {IMAGE_FIX}")
        return Rejection("InvalidSpec", "; ".join(part for part in _words(error) if part))
    samples = sum(planned.samples for planned in plan.generators)
    if samples > profile.spec.limits.max_samples:
        return Rejection(
            "TooManySamples",
            f"the run asks for {samples} samples; profile {run.spec.profile!r} allows "
            f"{profile.spec.limits.max_samples}: ask for fewer, or use another profile",
        )
    return plan


def parallelism(run: GenerationRun, profile: GenerationProfile) -> int:
    """Pods of the run at once: what it asks for, else what the profile allows."""
    most = profile.spec.limits.max_parallelism
    return min(run.spec.parallelism or most, most)


def _unusable(profile: GenerationProfile, message: str) -> Rejection:
    return Rejection("InvalidProfile", f"profile {profile.metadata.name!r}: {message}")


def _words(error: InvalidInputError) -> tuple[str, str, str]:
    return error.what, error.why, error.fix
