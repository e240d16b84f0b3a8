"""Attempts of shards that are killed, or that live on after their successors, on a real store."""

from __future__ import annotations

import random
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from support.builders import draft_shard
from support.operator.fakeworkers import GONE, Try
from vrdata.dataset import layout
from vrdata.dataset.outputs import write_outputs
from vrdata.plan.planned import Plan, Shard
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore
from vrdata_worker.commit import commit

ENDS = ("before its data", "after its data", "after its marker", "zombie with data", "zombie")
"""How an attempt ends; a zombie pauses before it writes its data, or between data and marker."""


class KilledError(BaseException):
    """The attempt's process was killed; no code of the worker catches this."""


class DisturbedStore(PrefixedStore):
    """The store of one attempt, which calls `disturb` around each write with its number."""

    def __init__(self, store: ObjectStore, disturb: Callable[[int, str], None]) -> None:
        super().__init__(store, "")
        self._disturb, self._writes = disturb, 0

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """See `ObjectStore.put_new`."""
        self._writes += 1
        number = self._writes
        self._disturb(number, "before")
        done = super().put_new(key, body, sha256=sha256, content_type=content_type)
        self._disturb(number, "after")
        return done


@dataclass
class _Zombie:
    attempt: int
    thread: threading.Thread
    go_on: threading.Event


@dataclass
class Attempts:
    """The script of `Workers`: each attempt commits, is killed, or becomes a zombie.

    Attributes:
        store: the run's folder in a real store.
        seed: of all decisions.
        share: of the attempts that are killed, 0 to 1.
        mode: of the commits.
        ends: how often attempts ended in which way.
        errors: of zombies.
    """

    store: ObjectStore
    seed: int
    share: float
    mode: Literal["strict", "detect"]
    ends: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _zombies: dict[Shard, list[_Zombie]] = field(default_factory=dict)
    _plan: Plan | None = None

    def __call__(self, tried: Try) -> str:
        """One attempt; older attempts of the shard then go on where they paused."""
        chance = random.Random(f"{self.seed} {tried.shard} {tried.attempt}")  # noqa: S311
        end = chance.choice(ENDS) if chance.random() < self.share else "committed"
        self.ends[end] += 1
        if end.startswith("zombie"):
            self._pause(tried, 2 if end == "zombie with data" else 1)
            return GONE
        number, when = {
            "before its data": (1, "before"),
            "after its data": (1, "after"),
            "after its marker": (2, "after"),
        }.get(end, (0, ""))

        def kill(write: int, moment: str) -> None:
            if (write, moment) == (number, when):
                raise KilledError

        try:
            self._commit(tried.shard, kill)
        except KilledError:
            return GONE
        finally:
            self._release(tried.shard)
        return ""

    def finish(self, _store: ObjectStore) -> None:
        """Let the last zombies go on, then finalise for real."""
        for shard in list(self._zombies):
            self._release(shard)
        write_outputs(self.store, self.plan, detect=self.mode == "detect")

    @property
    def plan(self) -> Plan:
        """The stored plan."""
        if self._plan is None:
            self._plan = Plan.model_validate_json(self.store.get(layout.PLAN))
        return self._plan

    def _commit(self, shard: Shard, disturb: Callable[[int, str], None]) -> None:
        place = self.plan.generator(shard.generator).shard(shard.number)
        with tempfile.TemporaryDirectory() as folder:
            draft, pending = draft_shard(self.plan, place, Path(folder))
            store = DisturbedStore(self.store, disturb)
            done = commit(store, draft, pending, detect=self.mode == "detect")
        if done.nondeterministic:
            self.errors.append(done.nondeterministic)

    def _pause(self, tried: Try, number: int) -> None:
        reached, go_on = threading.Event(), threading.Event()

        def wait(write: int, moment: str) -> None:
            if (write, moment) == (number, "before"):
                reached.set()
                go_on.wait(300)

        def live() -> None:
            try:
                self._commit(tried.shard, wait)
            except Exception as error:  # noqa: BLE001 - reported by the test
                self.errors.append(repr(error))
            finally:
                reached.set()

        thread = threading.Thread(target=live, daemon=True)
        thread.start()
        reached.wait(300)
        zombie = _Zombie(tried.attempt, thread, go_on)
        self._zombies.setdefault(tried.shard, []).append(zombie)

    def _release(self, shard: Shard) -> None:
        for zombie in self._zombies.pop(shard, []):
            zombie.go_on.set()
            zombie.thread.join(300)
