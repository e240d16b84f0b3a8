"""Can this installation make runs? `python -m vrdata_operator.admin.doctor`, run by `helm test`.

One line for each check; exit code 1 when one fails.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from vrdata.api.profile import GenerationProfile
from vrdata.errors import VrdataError
from vrdata_operator.admin.rbac import FOR_PROFILES, FOR_RUNS, missing
from vrdata_operator.cluster import paths
from vrdata_operator.cluster.adapter import KubernetesCluster
from vrdata_operator.cluster.port import Cluster, ClusterError
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.admission import check_storage
from vrdata_operator.settings import Settings, from_environment
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.names import RUNS

PROFILE = "default"
Check = Callable[[], Awaitable[str]]


class FailedCheckError(Exception):
    """What is wrong and what to do."""


async def examine(settings: Settings, rest: Rest, cluster: Cluster, stores: Stores) -> bool:
    """Make every check and print its line; whether all are well."""

    async def runs_are_served() -> str:
        spaces = settings.watch or (settings.home.namespace,)
        if await rest.get(paths.runs(spaces[0]), RUNS, limit=1) is None:
            raise FailedCheckError("the CustomResourceDefinitions are missing: set crds.enabled")
        return f"GenerationRuns of {', '.join(settings.watch) or 'all namespaces'}"

    async def rights_are_given() -> str:
        # Jobs that read a catalogue run in the operator's own namespace.
        spaces = sorted({*settings.watch, settings.home.namespace}) if settings.watch else [""]
        wanted = [(space, FOR_RUNS) for space in spaces]
        for space, rights in [*wanted, (settings.home.namespace, FOR_PROFILES)]:
            lacking = await missing(rest, rights, space)
            if lacking:
                place = f"in {space}" if space else "in all namespaces"
                raise FailedCheckError(
                    f"not allowed {place}: {', '.join(lacking)}: set rbac.create"
                )
        return "all that the operator needs"

    async def profile_is_usable() -> str:
        for manifest in settings.manifests():  # as the operator does when it starts
            await cluster.apply_profile(manifest)
        profile = await _profile(cluster)
        wrong = check_storage(profile, settings.home.claim)
        if wrong is not None:
            raise FailedCheckError(wrong.message)
        return profile.spec.image

    async def store_is_usable() -> str:
        storage = store_settings((await _profile(cluster)).spec.storage)
        return f"{storage.url}, mode {await stores.mode(storage)}"

    checks = {
        "runs": runs_are_served,
        "rights": rights_are_given,
        "profile": profile_is_usable,
        "store": store_is_usable,
    }
    return all([await _said(name, check) for name, check in checks.items()])


async def _profile(cluster: Cluster) -> GenerationProfile:
    manifest = await cluster.get_profile(PROFILE)
    if manifest is None:
        raise FailedCheckError(f"there is no GenerationProfile {PROFILE!r}: set defaultProfile")
    return GenerationProfile.model_validate(manifest | {"metadata": {"name": PROFILE}})


async def _said(name: str, check: Check) -> bool:
    try:
        found = await check()
    except (FailedCheckError, ClusterError, VrdataError, ValueError) as error:
        words = " ".join(str(error).split())
        sys.stdout.write(f"FAILED {name}: {words}\n")
        return False
    sys.stdout.write(f"ok     {name}: {found}\n")
    return True


async def _main() -> int:
    rest = Rest()
    try:
        settings = from_environment()
        await rest.open()
        cluster = KubernetesCluster(rest, settings.home.namespace)
        return 0 if await examine(settings, rest, cluster, Stores()) else 1
    except (ClusterError, VrdataError) as error:
        words = " ".join(str(error).split())
        sys.stdout.write(f"FAILED start: {words}\n")
        return 1
    finally:
        await rest.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
