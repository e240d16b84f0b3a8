"""How far the kernel sandboxes generators: as recorded, and as explained to users. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vrdata.model import Model
from vrdata.text import count

Level = Literal["kernel", "python"]


class Hermetic(Model):
    """How far the kernel sandboxed the processes of a generator.

    Attributes:
        level: `kernel` = files and system calls; `python` = not both of them.
        landlock: version of Landlock's interface (ABI); 0 = none.
        missing: why the level is not `kernel`, or "".
    """

    level: Level
    landlock: int = Field(default=0, ge=0)
    missing: str = ""

    @property
    def names_senders(self) -> bool:
        """Whether a signal that a generator sends to its own processes is known to be its own."""
        return self.level == "kernel"

    @property
    def effect(self) -> str:
        """What the level means for the user; "" for `kernel`."""
        if self.level == "kernel":
            return ""
        what = (
            "programs that a generator starts may reach the network"
            if self.landlock
            else "a generator can read and write your files"
        )
        return f"the kernel does not sandbox generators ({self.missing}): {what}"

    @property
    def fix(self) -> str:
        """How to get the level `kernel`; "" for `kernel`."""
        if self.level == "kernel":
            return ""
        if self.landlock:
            return "allow seccomp listeners, and run vrdata outside other sandboxes that use one"
        return "use Linux 5.13 or later with Landlock; macOS and gVisor do not have it"


class HermeticShards(Model):
    """How far the kernel sandboxed the generators of committed shards.

    Attributes:
        kernel: shards with level `kernel`.
        python: shards with level `python`.
        landlock: versions of Landlock's interface (ABI) that were used, 0 = none; sorted.
    """

    kernel: int = Field(default=0, ge=0)
    python: int = Field(default=0, ge=0)
    landlock: tuple[int, ...] = ()

    def __add__(self, other: HermeticShards) -> HermeticShards:
        return HermeticShards(
            kernel=self.kernel + other.kernel,
            python=self.python + other.python,
            landlock=tuple(sorted({*self.landlock, *other.landlock})),
        )

    def describe(self, shards: int) -> str:
        """The levels of a number of shards; earlier versions of vrdata recorded none."""
        levels = {
            "kernel": self.kernel,
            "python": self.python,
            "not recorded": shards - self.kernel - self.python,
        }
        found = {name: number for name, number in levels.items() if number > 0}
        text = "; ".join(
            name if len(found) == 1 else f"{name} in {count(number, 'shard')}"
            for name, number in found.items()
        )
        versions = ", ".join(str(one) if one else "none" for one in self.landlock)
        return f"{text} (Landlock {versions})" if versions else text


def shards_of(hermetic: Hermetic | None) -> HermeticShards:
    """One shard; None = its marker has no record."""
    if hermetic is None:
        return HermeticShards()
    versions = (hermetic.landlock,)
    if hermetic.level == "kernel":
        return HermeticShards(kernel=1, landlock=versions)
    return HermeticShards(python=1, landlock=versions)
