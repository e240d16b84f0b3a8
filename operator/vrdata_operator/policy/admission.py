"""Whether a run can start: run, profile and catalogue give a plan or a rejection. Pure."""

from __future__ import annotations

from vrdata.api.profile import GenerationProfile, GenerationProfileSpec
from vrdata.api.run import GenerationRun, GenerationRunSpec
from vrdata.errors import InvalidInputError, UnknownGeneratorError
from vrdata.plan.catalogue import ImageCatalogue
from vrdata.plan.expand import check_spec
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedSources
from vrdata.plan.stored.continuing import begin_or_continue
from vrdata_operator.policy.sources import check_sources
from vrdata_operator.reasons import Reason
from vrdata_operator.state.rejection import Rejection


def check_profile(
    run: GenerationRun, profile: GenerationProfile | None, claim: str
) -> Rejection | None:
    """What the run and its profile exclude before any catalogue is read.

    Args:
        claim: the PersistentVolumeClaim that the operator mounts; empty = none.
    """
    if profile is None:
        return Rejection(Reason.UNKNOWN_PROFILE, f"{run.spec.profile!r}")
    return check_storage(profile, claim) or _check_limits(run.spec, profile.spec)


def check_storage(profile: GenerationProfile, claim: str) -> Rejection | None:
    """What the profile lacks: an image, or a storage that the operator can reach.

    Args:
        claim: the PersistentVolumeClaim that the operator mounts; empty = none.
    """
    spec = profile.spec
    if not spec.image:
        return _unusable(profile, "spec.image is empty", "Set it to a worker image by digest")
    if not (spec.storage.url or spec.storage.persistent_volume_claim):
        return _unusable(profile, "spec.storage is empty", "Set url or persistentVolumeClaim")
    wanted = spec.storage.persistent_volume_claim
    if wanted and wanted != claim:
        mounted = f"only {claim!r}" if claim else "no claim"
        return _unusable(
            profile,
            f"spec.storage.persistentVolumeClaim is {wanted!r} and the operator mounts {mounted}",
            "Use the claim that the operator mounts, or install the chart with "
            f"storage.persistentVolumeClaim={wanted}",
        )
    return None


def _check_limits(spec: GenerationRunSpec, profile: GenerationProfileSpec) -> Rejection | None:
    if spec.queue_name and spec.queue_name not in profile.allowed_queues:
        allowed = ", ".join(profile.allowed_queues) or "none"
        return Rejection(
            Reason.QUEUE_NOT_ALLOWED,
            f"{spec.queue_name!r}; profile {spec.profile!r} allows: {allowed}",
        )
    most = profile.limits.max_parallelism
    if spec.parallelism is not None and spec.parallelism > most:
        return Rejection(
            Reason.TOO_MUCH_PARALLELISM,
            f"it is {spec.parallelism}; profile {spec.profile!r} allows {most}",
        )
    rejection = check_sources(spec, profile)
    if rejection is not None:
        return rejection
    try:
        check_spec(spec)
    except InvalidInputError as error:
        return Rejection(Reason.INVALID_SPEC, error.what, f"{error.fix}; {error.why}")
    return None


def make_plan(
    run: GenerationRun,
    profile: GenerationProfile,
    image: ImageCatalogue,
    stored: Plan | None,
    sources: PinnedSources | None = None,
) -> Plan | Rejection:
    """The plan that `vrdata run --local` makes inside the profile's image.

    An output with a plan keeps the generators of that plan, even if globs match more by now.

    Args:
        run: what to generate.
        profile: whose limits apply.
        image: the catalogue of its image.
        stored: the plan that the output already contains, if any.
        sources: what its converters read; None = it is not known yet, or there are none.
    """
    try:
        plan = begin_or_continue(
            run, image.catalogue, versions=image.versions, stored=stored, sources=sources
        ).plan
    except UnknownGeneratorError as error:
        return Rejection(Reason.UNKNOWN_GENERATOR, _detail(error))
    except InvalidInputError as error:
        return Rejection(Reason.INVALID_SPEC, _detail(error), error.fix)
    samples = sum(planned.samples for planned in plan.generators)
    if samples > profile.spec.limits.max_samples:
        return Rejection(
            Reason.TOO_MANY_SAMPLES,
            f"it requests {samples}; profile {run.spec.profile!r} allows "
            f"{profile.spec.limits.max_samples}",
        )
    return plan


def parallelism(run: GenerationRun, profile: GenerationProfile) -> int:
    """Pods that the run may have at the same time: its own wish, within the profile's limit."""
    most = profile.spec.limits.max_parallelism
    return min(run.spec.parallelism or most, most)


def _unusable(profile: GenerationProfile, detail: str, fix: str) -> Rejection:
    return Rejection(Reason.INVALID_PROFILE, f"profile {profile.metadata.name!r}: {detail}", fix)


def _detail(error: InvalidInputError) -> str:
    return "; ".join(filter(None, (error.what, error.why)))
