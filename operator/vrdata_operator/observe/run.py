"""From an object of the API to the view that is decided on: profile, plan, facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.api.status import GenerationRunStatus
from vrdata.contract.worker import WorkerConfig
from vrdata.dataset import layout
from vrdata.plan.planned import Plan
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.observe.catalogues import Catalogues
from vrdata_operator.observe.jobs import Observer
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.observe.plans import standing_plan, store_plan
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.admission import Rejection, check_profile, make_plan, parallelism
from vrdata_operator.settings import Home
from vrdata_operator.specs.jobs import RunIdentity
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.run import RunView


class Viewer:
    """Sees runs as `decide` needs them. Arguments: as `reconcile.Reconciler`."""

    def __init__(
        self,
        cluster: Cluster,
        stores: Stores,
        metrics: Metrics,
        home: Home,
        clock: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._stores = stores
        self._metrics = metrics
        self._clock = clock
        self._catalogues = Catalogues(cluster, stores, home.namespace)
        self._claim = home.claim
        self._observer = Observer(cluster, stores)

    async def view(
        self, body: dict[str, Any], status: GenerationRunStatus, memory: RunMemory
    ) -> RunView | Rejection:
        """The run as `decide` needs it, or why it cannot be made.

        Raises:
            VrdataError: the store cannot be used; OutputConflictError: it holds another plan.
            ClusterError: the API server cannot be used.
        """
        try:
            run = GenerationRun.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            return Rejection("InvalidSpec", f"{where}: {first['msg']}")
        profile = await self._profile(run)
        if isinstance(profile, Rejection):
            return profile
        settings = store_settings(profile.spec.storage)
        prefix = layout.run_prefix(
            run.metadata.namespace, run.metadata.name, run.spec.output.prefix
        )
        store = self._stores.run(settings, prefix)
        plan = memory.plan or await self._plan(run, profile, prefix, status.plan)
        if isinstance(plan, Rejection):
            return plan
        if memory.ledger is None:
            memory.ledger = Ledger(store, plan, memory.uid, self._metrics, self._stores.readers)
        memory.plan = plan
        identity = RunIdentity(
            run.metadata.name, run.metadata.namespace, memory.uid, run.spec.queue_name
        )
        facts = await self._observer.observe(identity, memory, memory.ledger, self._clock())
        config = WorkerConfig(
            store=settings,
            prefix=prefix,
            plan=plan.hash,
            catalogues=(profile.spec.catalogue,) if profile.spec.catalogue else (),
            commit_mode=await self._stores.mode(settings),
        )
        samples = sum(totals.samples for totals in facts.totals.values())
        return RunView(
            identity=identity,
            generation=int(body["metadata"].get("generation", 0)),
            spec=run.spec,
            profile=profile.spec,
            plan=plan,
            config=config,
            url=store.url,
            pods=parallelism(run, profile),
            status=status,
            facts=facts,
            rate=memory.rate.see(facts.now, samples),
        )

    async def _profile(self, run: GenerationRun) -> GenerationProfile | Rejection:
        manifest = await self._cluster.get_profile(run.spec.profile)
        try:
            profile = GenerationProfile.model_validate(manifest) if manifest else None
        except ValidationError as error:
            return Rejection("InvalidProfile", f"profile {run.spec.profile!r}: {error}")
        return (
            check_profile(run, profile, self._claim) or profile or Rejection("UnknownProfile", "")
        )

    async def _plan(
        self, run: GenerationRun, profile: GenerationProfile, prefix: str, begun: str
    ) -> Plan | Rejection:
        """The run's plan, in the store from here on.

        Args:
            begun: hash of the plan that the run has begun with; it stays, whatever the profile's
                image holds by now.
        """
        store = self._stores.run(store_settings(profile.spec.storage), prefix)
        standing = await self._stores.call(lambda: standing_plan(store))
        if standing is not None and standing.hash == begun:
            return standing
        manifest = await self._cluster.get_profile(run.spec.profile)
        image = await self._catalogues.of(profile, manifest or {})
        if isinstance(image, Rejection):
            return image
        plan = make_plan(run, profile, image, standing)
        if isinstance(plan, Plan):
            await self._stores.call(lambda: store_plan(store, plan))
        return plan
