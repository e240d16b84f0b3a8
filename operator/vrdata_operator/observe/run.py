"""From a stored run to the view that `decide` reads: profile, plan, facts."""

from __future__ import annotations

from collections.abc import Callable

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.api.status import GenerationRunStatus
from vrdata.contract.worker import WorkerConfig, droppable_items
from vrdata.dataset import layout
from vrdata.dataset.discover import require_apart
from vrdata.dataset.plans import find_plan, keep_plan, require_own_markers, store_plan
from vrdata.errors import OutputConflictError
from vrdata.plan.places import places_of_plan, requested_places
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedSources, requested_sources, with_block_sizes
from vrdata.store.port import ObjectStore
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.observe.inputs.catalogues import Catalogues
from vrdata_operator.observe.inputs.sources import Reader, Sources
from vrdata_operator.observe.jobs import Observer
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.admission import check_profile, make_plan, parallelism
from vrdata_operator.policy.sources import check_places
from vrdata_operator.reasons import Reason
from vrdata_operator.settings import Home
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.rejection import Explanation, Rejection
from vrdata_operator.state.run import RunView
from vrdata_operator.state.stored import StoredProfile, StoredRun


class Viewer:
    """Builds the views that `decide` reads. Arguments: as `reconcile.Reconciler`."""

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
        self._catalogues = Catalogues(cluster, stores, home.namespace, clock)
        self._sources = Sources(cluster, stores, clock)
        self._claim = home.claim
        self._observer = Observer(cluster, stores)

    async def view(self, stored: StoredRun, memory: RunMemory) -> RunView | Explanation:
        """The run as `decide` needs it; or a Rejection, or why it cannot continue for now.

        Raises:
            VrdataError: the store cannot be used; OutputConflictError: it contains another plan.
            ClusterError: the API server cannot be used.
        """
        run = stored.run
        if isinstance(run, Rejection):
            return run
        found = await self._cluster.get_profile(run.spec.profile)
        profile = self._checked(run, found)
        if found is None or isinstance(profile, Rejection):
            return profile if isinstance(profile, Rejection) else Rejection(Reason.UNKNOWN_PROFILE)
        settings = store_settings(profile.spec.storage)
        prefix = layout.run_prefix(
            run.metadata.namespace, run.metadata.name, run.spec.output.prefix
        )
        store = self._stores.run(settings, prefix)
        plan = memory.plan or await self._plan(stored, run, profile, found.uid, memory)
        if isinstance(plan, Rejection):
            return plan
        places = places_of_plan(plan)
        refused = check_places(places, run.spec, profile.spec)
        if refused is not None:
            return refused
        if memory.ledger is None:
            memory.ledger = Ledger(store, plan, memory.uid, self._metrics, self._stores.readers)
        memory.plan, memory.plan_hash = plan, memory.plan_hash or plan.hash
        await self._stores.call(lambda: store.head(layout.PLAN))  # every turn sees an outage
        facts = await self._observer.observe(stored, memory, memory.ledger, self._clock())
        config = WorkerConfig(
            store=settings,
            prefix=prefix,
            plan=memory.plan_hash,
            catalogues=(profile.spec.catalogue,) if profile.spec.catalogue else (),
            commit_mode=await self._stores.mode(settings),
            hermetic=profile.spec.required_level,
            max_failed_items=droppable_items(plan, run.spec.failure_policy.max_failed_samples),
        )
        samples = sum(totals.samples for totals in facts.totals.values())
        view = RunView(
            identity=stored.identity,
            generation=stored.generation,
            spec=run.spec,
            profile=profile.spec,
            plan=plan,
            config=config,
            url=store.url,
            pods=parallelism(run, profile),
            status=_reopened(stored.status) if stored.status.finished else stored.status,
            facts=facts,
            rate=memory.rate.record(facts.now, samples),
            committed_at=memory.rate.changed_at,
        )
        reads = requested_sources(run.spec) or places
        if not reads or facts.reading is not None or view.complete:
            return view
        reader = Reader(stored.identity, run.spec, profile.spec, prefix, plan, places)
        return await self._sources.restored(reader, memory) or view

    def _checked(
        self, run: GenerationRun, found: StoredProfile | None
    ) -> GenerationProfile | Rejection:
        """The profile, or why it does not allow the run."""
        profile = found.profile if found is not None else None
        if isinstance(profile, Rejection):
            return profile
        rejection = check_profile(run, profile, self._claim)
        return rejection or profile or Rejection(Reason.UNKNOWN_PROFILE)

    async def _plan(
        self,
        stored: StoredRun,
        run: GenerationRun,
        profile: GenerationProfile,
        uid: str,
        memory: RunMemory,
    ) -> Plan | Rejection:
        """The run's plan, stored if it was not there yet.

        Args:
            stored: its status has the hash of the plan that the run started with. It is kept when
                the profile gets an image with other generators.
            run: what to generate.
            profile: whose image and limits apply.
            uid: of the profile.
            memory: of the run.
        """
        settings, begun = store_settings(profile.spec.storage), stored.status.plan
        prefix = layout.run_prefix(
            run.metadata.namespace, run.metadata.name, run.spec.output.prefix
        )
        store = self._stores.run(settings, prefix)
        existing = await self._stores.call(lambda: _stored_plan(store, begun))
        if existing is not None and existing.hash == begun:
            return existing
        image = await self._catalogues.of(profile, uid)
        if isinstance(image, Rejection):
            return image
        plan = make_plan(run, profile, image, existing)
        if isinstance(plan, Plan):
            places = requested_places(run.spec, image.catalogue)
            sizes = {one.name: one.block_size for one in plan.generators}
            spec = with_block_sizes(run.spec, sizes)
            reader = Reader(stored.identity, spec, profile.spec, prefix, existing, places)
            pinned = await self._pinned(reader, memory)
            if isinstance(pinned, Rejection):
                return pinned
            if pinned is not None:
                plan = make_plan(run, profile, image, existing, pinned)
        if isinstance(plan, Rejection):
            return plan
        if existing is None:
            if begun and plan.hash != begun:
                return Rejection(Reason.DAMAGED_OBJECT, _LOST, _LOST_FIX)
            root = self._stores.root(settings)
            await self._stores.call(lambda: require_apart(root, prefix))
            await self._stores.call(lambda: require_own_markers(store, plan))
        keep = keep_plan if begun else store_plan
        await self._stores.call(lambda: keep(store, plan))
        return plan

    async def _pinned(self, reader: Reader, memory: RunMemory) -> PinnedSources | Rejection | None:
        """What a run reads, or why it is not known or not allowed; None if it reads nothing."""
        if not requested_sources(reader.spec) and not reader.places:
            return None
        refused = check_places(reader.places, reader.spec, reader.profile)
        if refused is not None:
            return refused
        pinned = await self._sources.pinned(reader, memory)
        if isinstance(pinned, PinnedSources):
            return pinned
        return Rejection(pinned.reason, pinned.detail, pinned.fix)


_LOST = (
    f"{layout.PLAN} was deleted or damaged, and with the profile's image or the run's globs the "
    "plan is another one now"
)
_LOST_FIX = "Set the profile to the image that the run began with; or use another metadata.name"


def _stored_plan(store: ObjectStore, begun: str) -> Plan | None:
    """The stored plan; None when it is missing, or when it was damaged after the run began."""
    try:
        return find_plan(store)
    except OutputConflictError:
        if begun:
            return None
        raise


def _reopened(status: GenerationRunStatus) -> GenerationRunStatus:
    """The status of a finished run that is repaired: its clock starts again."""
    return status.model_copy(update={"start_time": None, "completion_time": None})
