"""The files that the operator keeps in a run's store: the plan and the waves. Blocking.

They are read once. One that is deleted or damaged later is written again from memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.dataset.plans import keep_plan
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.planned import Plan
from vrdata.plan.waves import Wave
from vrdata.store.port import ObjectInfo, ObjectNotFoundError, ObjectStore
from vrdata_operator.state.facts import JobFacts
from vrdata_operator.state.names import wave_job

Seen = tuple[int, float | None]  # size and time of an object


class RunFiles:
    """The plan and the wave files of one run.

    Args:
        store: the run's store.
        plan: its plan, which was stored when the run began.
        run: UID of the run.

    Attributes:
        waves: in order; a wave whose file was lost, and whose shards are therefore not known, has
            no shards.
    """

    def __init__(self, store: ObjectStore, plan: Plan, run: str) -> None:
        self._store = store
        self._plan = plan
        self._plan_hash = plan.hash
        self._run = run
        self._known: dict[int, Wave] = {}
        self._seen: dict[str, Seen] = {}
        self.waves: tuple[Wave, ...] = ()

    def refresh(self, jobs: Mapping[str, JobFacts]) -> None:
        """Read new wave files; write again what is missing or has changed.

        Args:
            jobs: the run's Jobs: each one of a wave had a file.

        Raises:
            OutputConflictError: the plan or a wave belongs to another plan.
            InvalidInputError: a new wave file is damaged.
            StorageError, StoreAccessError: the store cannot be used.
        """
        if self._has_changed(next(self._store.list_after(layout.PLAN), None), layout.PLAN):
            keep_plan(self._store, self._plan)
        stored: set[int] = set()
        for info in self._store.list_after(layout.WAVES):
            number = layout.parse_wave_key(info.key)
            if number is None:
                continue
            stored.add(number)
            if self._has_changed(info, info.key):
                self._read(info.key, number)
        for number in self._known.keys() - stored:
            put_model(self._store, layout.wave_key(number), self._known[number])
        self.waves = self._numbered(jobs)

    def _has_changed(self, info: ObjectInfo | None, key: str) -> bool:
        """Whether an object is missing, or is not the one of the last listing."""
        if info is None or info.key != key:
            self._seen.pop(key, None)
            return True
        found = (info.size, info.modified)
        changed = self._seen.get(key) != found
        self._seen[key] = found
        return changed

    def _read(self, key: str, number: int) -> None:
        known = self._known.get(number)
        try:
            if known is None:
                self._known[number] = self._load(key, number)
            elif self._store.get(key) != known.to_json():
                self._store.delete(key)
                put_model(self._store, key, known)
        except ObjectNotFoundError:  # deleted since it was listed
            self._seen.pop(key, None)
        except (InvalidInputError, OutputConflictError):
            del self._seen[key]
            raise

    def _load(self, key: str, number: int) -> Wave:
        wave = load_model(self._store, key, Wave)
        if wave.plan != self._plan_hash:
            raise OutputConflictError(
                f"{key} belongs to another plan", fix="use another name or prefix"
            )
        if wave.wave != number:
            raise InvalidInputError(f"{key} in {self._store.url} is the file of wave {wave.wave}")
        return wave

    def _numbered(self, jobs: Mapping[str, JobFacts]) -> tuple[Wave, ...]:
        """The waves in order of their numbers, those whose file was lost included."""
        own = {
            job.wave: job.wave
            for job in jobs.values()
            if job.wave is not None and job.name == wave_job(self._run, job.wave)
        }
        last = max([*self._known, *own], default=-1)
        waves: list[Wave] = []
        for number in range(last, -1, -1):
            wave = self._known.get(number)
            if wave is None:
                beside = waves[-1] if waves else self._known.get(number - 1)
                wave = self._lost(number, beside, own=number in own)
            waves.append(wave)
        return tuple(reversed(waves))

    def _lost(self, number: int, beside: Wave | None, *, own: bool) -> Wave:
        """A wave whose shards are not known; the rest is that of the wave beside it."""
        if beside is None:
            return Wave(
                plan=self._plan_hash,
                run=self._run,
                wave=number,
                generator_class="O",
                attempt=0,
                memory_bytes=1,
                spans=(),
            )
        run = self._run if own else beside.run
        return beside.model_copy(update={"wave": number, "run": run, "spans": ()})
