"""One local run from spec to dataset: plan, find what is missing, generate it, finalise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from vrdata.api.profile import ClassResources, GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.contract.worker import StoreSettings, WorkerConfig, droppable_items
from vrdata.dataset import layout
from vrdata.dataset.checks.damage import DamagedShard, DataListing
from vrdata.dataset.checks.replaced import replaced
from vrdata.dataset.commits import iter_written
from vrdata.dataset.discover import require_apart
from vrdata.dataset.finish.stale import delete_indexes
from vrdata.dataset.finish.summary import known_bytes
from vrdata.dataset.plans import (
    find_plan,
    plan_conflict,
    require_own_markers,
    store_plan,
)
from vrdata.local.execution.executor import ExecutionResult, LocalExecutor
from vrdata.local.execution.retry import RetryPolicy
from vrdata.local.machine import child_memory, worker_jobs
from vrdata.local.planning import keep_inputs, limited, pin, plan_run, within
from vrdata.local.progress import RunProgress
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import check_spec
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.sources import ITEMS_SHARE
from vrdata.store.opening import PrefixedStore, open_settings
from vrdata.store.port import ObjectStore
from vrdata_worker.image.catalogues import Located, locate
from vrdata_worker.scratch import root_of, scratch_folder

ProgressFactory = Callable[[Plan, "Counter[str]"], RunProgress]


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """Where and how a local run executes; no field changes a byte of the output.

    Attributes:
        store: the object store's root.
        catalogues: catalogue files beside the first-party generators.
        jobs: worker processes; 0 = from the machine's cores and the classes' memory.
        limit: the most samples of each generator; None = all.
        total: the most items of all sources together; None = all.
        scratch: folder for temporary files.
    """

    store: StoreSettings
    catalogues: tuple[Path, ...] = ()
    jobs: int = 0
    limit: int | None = None
    total: int | None = None
    scratch: str = ""


@dataclass(slots=True)
class Prepared:
    """A run with a plan, and what of it is already stored.

    Attributes:
        added: generators that match the run's globs and were added after its plan was stored;
            they are skipped.
        committed: shards with a commit marker.
        damaged: committed shards whose data is missing or damaged.
    """

    run: GenerationRun
    profile: GenerationProfile
    options: LocalOptions
    store: ObjectStore
    prefix: str
    plan: Plan
    generators: dict[str, Located]
    added: tuple[str, ...] = ()
    committed: set[Shard] = field(default_factory=set)
    damaged: tuple[DamagedShard, ...] = ()
    finished: bool = False

    @property
    def catalogue(self) -> Catalogue:
        """The available generators."""
        return catalogue_of(self.generators)

    @property
    def intact(self) -> bool:
        """Whether the run has finished, and no shard is missing or damaged."""
        return self.finished and not self.damaged and len(self.committed) == self.shards

    @property
    def shards(self) -> int:
        """Shards in the plan."""
        return sum(planned.shards for planned in self.plan.generators)

    def committed_samples(self) -> Counter[str]:
        """Samples of committed shards with intact data, by generator."""
        counts: Counter[str] = Counter()
        for name, index in self.committed - {one.shard for one in self.damaged}:
            shard = self.plan.generator(name).shard(index)
            counts[name] += shard.stop - shard.start
        return counts


def catalogue_of(generators: Mapping[str, Located]) -> Catalogue:
    """The catalogue of generators that were found."""
    return Catalogue(generators=tuple(item.entry for item in generators.values()))


def prepare(
    run: GenerationRun,
    profile: GenerationProfile,
    options: LocalOptions,
    *,
    write: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Plan the run and find what is missing, with five requests and two listings; see `compare`.

    The sources of converters and pipelines are pinned first, once for each run.

    Args:
        write: store a new plan; False = read only (`vrdata plan`).
        say: prints a line, about the sources.

    Raises:
        InvalidInputError: the spec cannot be run here.
        OutputConflictError: the output holds another plan, or overlaps with another run's.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: a source cannot be listed.
        StorageError, StoreAccessError: the store cannot be used.
    """
    check_spec(run.spec)
    generators = locate(options.catalogues)
    catalogue = catalogue_of(generators)
    prefix = layout.run_prefix(run.metadata.namespace, run.metadata.name, run.spec.output.prefix)
    root = open_settings(options.store)
    store = PrefixedStore(root, prefix)
    stored = find_plan(store)
    if stored is None:
        require_apart(root, prefix)
    run = limited(run, options.limit, catalogue)
    room = profile.spec.classes.M.block_scratch_bytes // ITEMS_SHARE
    pinned = pin(run, catalogue, store, write=write, say=say, room=room)
    if pinned is not None:
        run = within(run, pinned, options.total)
    begun = plan_run(run, catalogue, stored, pinned)
    plan = begun.plan
    prepared = Prepared(run, profile, options, store, prefix, plan, generators, begun.added)
    if stored is None:
        require_own_markers(store, plan)
        if write:
            store_plan(store, plan)
    elif stored.hash != plan.hash:
        raise plan_conflict(store, stored, plan)
    compare(prepared, data=write)
    return prepared


def compare(prepared: Prepared, *, data: bool = True) -> None:
    """Find the shards that are committed, and those whose data is missing or damaged.

    One listing of commit markers and one of data objects. Data of another size is found by its
    size, data that was written after its commit marker by reading it.

    Args:
        prepared: the run; its `committed`, `damaged` and `finished` are set.
        data: compare the data objects, too.

    Raises:
        DamagedMarkerError: a commit marker that is read is damaged.
        StorageError, StoreAccessError: the store cannot be used.
    """
    store, plan = prepared.store, prepared.plan
    planned = set(plan.all_shards())  # finalisation refuses other markers
    written = {shard: at for shard, at in iter_written(store) if shard in planned}
    prepared.committed = set(written)
    prepared.finished = store.head(layout.SUCCESS) is not None
    prepared.damaged = ()
    if data and written:
        listing = DataListing(store, plan)
        listing.read()
        found = {one.shard: one for one in listing.damaged(written.keys(), known_bytes(store))}
        late = replaced(store, listing, written)
        found |= {one.shard: one for one in late if one.shard not in found}
        prepared.damaged = tuple(found.values())


def execute(prepared: Prepared, progress: ProgressFactory, *, detect: bool) -> ExecutionResult:
    """Generate the missing and damaged shards; return when each is committed or failed for good.

    Raises:
        VrdataError: as `LocalExecutor.run`.
        KeyboardInterrupt: all workers have ended; committed shards stay.
    """
    damaged = {one.shard for one in prepared.damaged}
    missing = list(prepared.plan.missing_shards(prepared.committed - damaged))
    if not missing:
        return ExecutionResult()
    delete_indexes(prepared.store, {one.generator for one in missing if one not in damaged})
    jobs, children = _parallelism(prepared, len(missing))
    config = WorkerConfig(
        store=prepared.options.store,
        prefix=prepared.prefix,
        plan=prepared.plan.hash,
        catalogues=tuple(str(path.resolve()) for path in prepared.options.catalogues),
        scratch=prepared.options.scratch,
        children=children,
        commit_mode="detect" if detect else "strict",
        sample_timeout_seconds=_sample_timeout(prepared),
        scratch_bytes=max(one.block_scratch_bytes for one in _resources(prepared)),
        hermetic=prepared.profile.spec.required_level,
        max_failed_items=droppable_items(
            prepared.plan, prepared.run.spec.failure_policy.max_failed_samples
        ),
    )
    view = progress(prepared.plan, prepared.committed_samples())
    with scratch_folder(root_of(prepared.options.scratch)) as folder:
        executor = LocalExecutor(
            config.model_copy(update={"sources": str(folder.absolute() / "sources")}),
            jobs=jobs,
            policies=_policies(prepared),
            folder=folder,
            progress=view,
            restore=lambda: keep_inputs(
                prepared.run, prepared.catalogue, prepared.plan, prepared.store
            ),
            meanwhile=Thread(target=_import_outputs, name="imports").start,
        )
        try:
            return executor.run(missing, damaged)
        finally:
            view.close()


def _import_outputs() -> None:
    """Import what finalisation needs, while the workers generate."""
    with suppress(ImportError):  # finalisation raises it again
        import vrdata.dataset.outputs  # noqa: F401, PLC0415 - pulls in pyarrow


def _parallelism(prepared: Prepared, missing: int) -> tuple[int, int]:
    """Worker processes, and children in each (more than one only when shards are few)."""
    jobs = prepared.options.jobs or worker_jobs(prepared.plan, prepared.profile)
    if prepared.run.spec.parallelism is not None and not prepared.options.jobs:
        jobs = min(jobs, prepared.run.spec.parallelism)
    workers = max(1, min(jobs, missing))
    return workers, max(1, jobs // workers)


def _policies(prepared: Prepared) -> dict[str, RetryPolicy]:
    policy = prepared.run.spec.failure_policy
    policies = {}
    for planned in prepared.plan.generators:
        memory, ceiling = child_memory(prepared.profile, planned.generator_class)
        policies[planned.name] = RetryPolicy(
            retries=policy.retries,
            max_failed_samples=policy.max_failed_samples,
            memory_bytes=memory,
            memory_ceiling=ceiling,
        )
    return policies


def _sample_timeout(prepared: Prepared) -> float:
    return float(max(one.sample_timeout_seconds for one in _resources(prepared)))


def _resources(prepared: Prepared) -> list[ClassResources]:
    """The resources of the classes in a plan."""
    classes = {planned.generator_class for planned in prepared.plan.generators}
    return [prepared.profile.spec.classes.of(name) for name in classes]
