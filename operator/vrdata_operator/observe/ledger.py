"""What the store says of one run, remembered between turns; a restart reads it again.

Blocking: called in a thread of `Stores`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from vrdata.bounded.parallel import in_order
from vrdata.dataset import layout
from vrdata.dataset.manifest import ShardManifest
from vrdata.dataset.reader import iter_commits, load_manifest, load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.model import Model
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import Wave
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_operator.observe.nondeterminism import Differences
from vrdata_operator.state.facts import Failure, PodFacts, Totals
from vrdata_operator.state.history import History
from vrdata_operator.status.failures import from_pod, from_record

READERS = 8


class _Summary(Model, extra="ignore"):
    """The one field of dataset.json that the operator repeats."""

    dataset_hash: str


class Listener(Protocol):
    """Who is told once of each; `metrics.Metrics` counts them."""

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        """A commit marker that no earlier object of the run's name made."""
        ...

    def shard_failed(self, generator_class: str, failure: Failure) -> None:
        """A failed attempt."""
        ...

    def shard_differed(self, generator_class: str) -> None:
        """A shard that was made with other bytes."""
        ...


class Ledger:
    """Commit markers, waves and failures of one run.

    Args:
        store: the run's store.
        plan: its plan.
        run: UID of the run.
        listener: told what is counted.
    """

    def __init__(
        self,
        store: ObjectStore,
        plan: Plan,
        run: str,
        listener: Listener,
    ) -> None:
        self._store = store
        self._plan_hash = plan.hash
        self._run = run
        self._classes = {item.name: item.generator_class for item in plan.generators}
        self._listener = listener
        self.committed: set[Shard] = set()
        self.totals: dict[str, Totals] = {}
        self.waves: tuple[Wave, ...] = ()
        self.failures: dict[Shard, Failure] = {}
        self.dataset_hash = ""
        self.differences = Differences(store, self._classes, listener.shard_differed)

    def refresh(self) -> None:
        """Read what is new: waves, commit markers and differences.

        Raises:
            OutputConflictError: a marker or wave belongs to another plan.
            VrdataError: the store cannot be used, or an object is damaged.
        """
        self._read_waves()
        first_attempt = History(self.waves, self._run).first_attempt
        new = (shard for shard in iter_commits(self._store) if shard not in self.committed)
        read = in_order(new, lambda shard: load_manifest(self._store, *shard), READERS)
        for manifest in read:
            self._add(manifest, first_attempt)
        self.differences.refresh()

    def finished(self) -> None:
        """Look whether the run is finalised."""
        if self.dataset_hash or self._store.head(layout.SUCCESS) is None:
            return
        self.dataset_hash = load_model(self._store, layout.DATASET, _Summary).dataset_hash

    def explained(self, shard: Shard, attempt: int) -> bool:
        """Whether this attempt's failure is known, or no longer matters."""
        known = self.failures.get(shard)
        return shard in self.committed or (known is not None and known.attempt >= attempt)

    def explain(self, wave: Wave, indexes: Iterable[int], pods: Mapping[int, PodFacts]) -> None:
        """Find out why attempts of a wave failed: from their records, else from their pods.

        Args:
            indexes: completion indexes without a commit marker.
            pods: failed pods of the wave's Job, by completion index.
        """
        shards = tuple(wave.shards())
        new = [index for index in indexes if not self.explained(shards[index], wave.attempt)]
        said = in_order(
            new, lambda index: self._failure(wave, shards[index], pods.get(index)), READERS
        )
        for failure in said:
            self.failures[failure.shard] = failure
            self._listener.shard_failed(self._classes[failure.shard[0]], failure)

    def _failure(self, wave: Wave, shard: Shard, pod: PodFacts | None) -> Failure:
        seen = from_pod(wave, pod) if pod is not None else None
        if seen is not None and seen.reason == "OOMKilled":
            return seen
        try:
            body = self._store.get(layout.failure_key(*shard, wave.attempt))
            return from_record(shard, wave.attempt, body, self._run)
        except (ObjectNotFoundError, ValueError):
            return seen or Failure(
                shard, wave.attempt, "Unknown", "its pod left no word; it may have been removed"
            )

    def _read_waves(self) -> None:
        after = layout.wave_key(len(self.waves) - 1) if self.waves else ""
        for info in self._store.list_after(layout.WAVES, after):
            wave = load_model(self._store, info.key, Wave)
            if wave.plan != self._plan_hash:
                raise OutputConflictError(
                    f"{info.key} belongs to another plan", fix="use another name or prefix"
                )
            if wave.wave != len(self.waves):
                raise InvalidInputError(
                    f"{layout.wave_key(len(self.waves))} is missing in {self._store.url}"
                )
            self.waves = (*self.waves, wave)

    def _add(self, manifest: ShardManifest, first_attempt: int) -> None:
        if manifest.plan != self._plan_hash or manifest.generator not in self._classes:
            raise OutputConflictError(
                f"shard {manifest.shard} of {manifest.generator} belongs to another plan",
                fix="use another name or prefix",
            )
        shard = Shard(manifest.generator, manifest.shard)
        name = self._classes[manifest.generator]
        old = self.totals.get(name, Totals())
        self.totals[name] = replace(
            old,
            shards=old.shards + 1,
            samples=old.samples + len(manifest.samples),
            failed_samples=old.failed_samples + len(manifest.failed),
            bytes=old.bytes + manifest.bytes,
            cpu_seconds=old.cpu_seconds + manifest.attempt.cpu_seconds,
        )
        self.committed.add(shard)
        if manifest.attempt.number >= first_attempt:
            self._listener.shard_committed(name, manifest)
