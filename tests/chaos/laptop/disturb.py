"""Disturb one run on a laptop by a schedule, let it finish, and audit what it stored."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from chaos.audits.audit import Undisturbed, audit
from chaos.laptop.machine import Laptop
from chaos.objects import DELETED
from chaos.schedule import Record, Step, schedule
from support.cli import vrdata
from support.services.faults import FAULTS, Fault, Sometimes
from vrdata.store.opening import open_store

SHARE = 0.03  # of requests that have a fault
PATIENCE = 4.0  # seconds until the next step, if no shard is committed
OUTAGE = 5.0  # seconds
DEADLINE = 900.0  # seconds of a whole run
IN_PASSING: tuple[Fault, ...] = tuple(one for one in FAULTS if one != "denied")
ACTIONS = {
    "KILL worker": 6,
    "TERM worker": 4,
    "KILL template": 3,
    "KILL block": 6,
    "KILL run": 3,
    "TERM run": 2,
    "store down": 1,
    "keys wrong": 1,
    "disk full": 1,
    "delete marker": 2,
    "delete data object": 2,
    "delete plan": 1,
    "cut data object": 1,
    "flip a bit of a data object": 1,
}
"""How often each disturbance happens in a run of about a minute."""


def disturb(
    machine: Laptop, calm: Undisturbed, seed: int, actions: dict[str, int] | None = None
) -> Record:
    """Disturb a run until its schedule ends, let it finish, and audit what it stored."""
    return _Disturbed(machine, calm, seed, actions or ACTIONS).run()


class _Disturbed:
    def __init__(
        self, machine: Laptop, calm: Undisturbed, seed: int, actions: dict[str, int]
    ) -> None:
        self._machine, self._calm = machine, calm
        self._root = f"seed-{seed}"
        self._stored = machine.stored(self._root)
        self._steps = schedule(seed, actions)
        self._shards = len(list(calm.plan.all_shards()))
        self._record = Record("laptop", seed)
        self._restore: list[tuple[float, Callable[[], None]]] = []
        self._damaged = False
        machine.proxy.switches.choose = Sometimes(str(seed), SHARE, IN_PASSING)

    def run(self) -> Record:
        """Do all steps; returns what happened."""
        begun = time.monotonic()
        before = self._machine.proxy.faults.copy()
        process = self._machine.start(self._root)
        last, killed = begun, False
        while time.monotonic() < begun + DEADLINE:
            self._undo()
            if process.poll() is not None:
                self._ended(process, killed=killed)
                if not self._steps and not self._restore and process.returncode == 0:
                    break
                process, killed = self._machine.start(self._root), False
            if self._due(last):
                step, last = self._steps.pop(0), time.monotonic()
                done = self._do(step)
                killed = killed or (done and step.action.endswith(" run"))
                (self._record.done if done else self._record.missed)[step.action] += 1
            time.sleep(0.05)
        self._undo(everything=True)
        self._finish(process)
        faults = self._machine.proxy.faults - before
        self._record.done.update({f"request {name}": times for name, times in faults.items()})
        self._record.seconds = time.monotonic() - begun
        return self._record

    def _due(self, last: float) -> bool:
        if not self._steps:
            return False
        waited = time.monotonic() - last
        if waited > PATIENCE:
            return True
        reached = self._stored.committed() >= self._steps[0].share * self._shards
        return reached and waited > 0.1

    def _ended(self, process: subprocess.Popen[str], *, killed: bool) -> None:
        output, _ = process.communicate()
        how = f"exit {process.returncode}"
        if not killed and process.returncode:
            with suppress(ValueError, KeyError):
                groups = json.loads(output)["failures"]
                how += f" {', '.join(sorted({group['reason'] for group in groups}))}"
            how += " by itself"
        self._record.ends[how] += 1

    def _finish(self, process: subprocess.Popen[str]) -> None:
        """Damage after the run's last look is found by the same command, run once more."""
        self._machine.proxy.switches.choose = lambda _: None
        if process.poll() is None:
            return
        if self._damaged:
            again = vrdata(*self._machine.arguments(self._root), **self._machine.environment())
            self._record.ends[f"exit {again.code} of the last repetition"] += 1
        found = audit(open_store(str(self._stored.folder)), self._calm)
        self._record.findings += map(str, found)
        self._record.hash_equal = not any(one.kind == "hash differs" for one in found)
        self._record.outcome = "Succeeded" if process.returncode == 0 else "Failed"

    def _do(self, step: Step) -> bool:
        """Do one step; False if it has no target."""
        first, _, rest = step.action.partition(" ")
        switches = self._machine.proxy.switches
        if first in {"KILL", "TERM"}:
            return self._kill(step, rest, signal.Signals[f"SIG{first}"])
        if step.action == "store down":
            switches.down = True
            self._later(OUTAGE, lambda: setattr(switches, "down", False))
        elif step.action == "keys wrong":
            switches.denied = True
            self._later(OUTAGE, lambda: setattr(switches, "denied", False))
        elif step.action == "disk full":
            filler = self._machine.disk / "filler"
            with suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(bytes(2**20))
                    file.flush()
            self._later(1.0, lambda: filler.unlink(missing_ok=True))
        elif rest in DELETED:
            return self._note(self._stored.delete(rest, step))
        else:
            return self._note(self._stored.tear(step, flip=first == "flip"))
        return True

    def _note(self, done: bool) -> bool:
        self._damaged = self._damaged or done
        return done

    def _kill(self, step: Step, kind: str, number: signal.Signals) -> bool:
        found = self._machine.processes(kind)
        if not found:
            return False
        with suppress(psutil.NoSuchProcess):
            found[step.pick(len(found))].send_signal(number)
        return True

    def _later(self, seconds: float, undo: Callable[[], None]) -> None:
        self._restore.append((time.monotonic() + seconds, undo))

    def _undo(self, *, everything: bool = False) -> None:
        now = time.monotonic()
        for entry in [one for one in self._restore if everything or one[0] <= now]:
            entry[1]()
            self._restore.remove(entry)
