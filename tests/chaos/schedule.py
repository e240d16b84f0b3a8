"""What is done to a run, in which order: everything follows from a seed. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One disturbance.

    Attributes:
        action: its name.
        share: of the run's shards that are committed before it, 0 to 1.
        choice: which of the possible targets, 0 to 1.
    """

    action: str
    share: float
    choice: float

    def pick(self, count: int) -> int:
        """Number of the target among `count`."""
        return min(int(self.choice * count), count - 1)


def scaled(shares: Mapping[str, int], total: int) -> dict[str, int]:
    """As many of each action as its share of a total; the sum is the total."""
    whole = sum(shares.values())
    counts = {name: total * share // whole for name, share in shares.items()}
    for name in sorted(shares, key=lambda one: total * shares[one] % whole, reverse=True):
        if sum(counts.values()) < total:
            counts[name] += 1
    return counts


def schedule(seed: int, actions: Mapping[str, int]) -> list[Step]:
    """Each action as often as the mapping says, in an order and with targets from the seed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    names = [name for name, times in sorted(actions.items()) for _ in range(times)]
    chance.shuffle(names)
    shares = sorted(chance.random() for _ in names)
    return [Step(name, share, chance.random()) for name, share in zip(names, shares, strict=True)]


@dataclass
class Record:
    """What was done to a run, and how it ended.

    Attributes:
        target: `laptop` or `cluster`.
        seed: of the schedule.
        done: how often each action was done.
        missed: how often an action had no target, for example no running worker.
        ends: how often a command or Job ended in which way.
        findings: what the audit found, each with its kind first.
        outcome: `Succeeded`, or why not.
        hash_equal: the dataset hash is that of the undisturbed run.
        charged: attempts that cost a retry, and must not.
        notes: more lines of the table.
        seconds: from the start to the end.
    """

    target: str
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    outcome: str = "not finished"
    hash_equal: bool = False
    charged: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The table."""
        names = sorted(self.done | self.missed)
        width = max(map(len, names), default=0) + 2
        table = [f"{'':2}{'disturbance':{width}}{'done':>6}{'no target':>11}"]
        table += [
            f"{'':2}{name:{width}}{self.done[name]:>6}{self.missed[name]:>11}" for name in names
        ]
        kinds = Counter(one.partition(":")[0] for one in self.findings)
        found = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        ends = ", ".join(f"{end}: {count}" for end, count in sorted(self.ends.items()))
        equal = "equal" if self.hash_equal else "DIFFERENT"
        found = found or "nothing missing, doubled, torn or orphaned"
        return [
            f"{self.target}, seed {self.seed}: {self.outcome} in {self.seconds:.0f} s",
            *table,
            f"  ended: {ends or 'once'}",
            *(f"  {note}" for note in self.notes),
            f"  audit: {found}; dataset hash {equal}",
            *(f"    {one}" for one in self.findings),
        ]

    @property
    def well(self) -> bool:
        """Whether the run succeeded without a finding and without a retry that was charged."""
        whole = self.hash_equal and not self.charged
        return self.outcome == "Succeeded" and not self.findings and whole
