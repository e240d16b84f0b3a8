"""Faults of requests to a store, and which request has which."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Fault = Literal[
    "unavailable",  # 503, the request is not done
    "failed",  # 500, the request is not done
    "timed out",  # no answer for some seconds, then the connection ends; not done
    "slow",  # done after a second
    "cut upload",  # the connection ends in the middle of the request's body
    "cut answer",  # done; the connection ends in the middle of the answer's body
    "wrong bytes",  # one bit of an upload changes, and the server finds it
    "lost answer",  # done, and the connection ends without an answer
    "denied",  # 403: the server does not know the access key
]
FAULTS: tuple[Fault, ...] = Fault.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        method: `PUT`, `GET`, `HEAD`, `DELETE`.
        path: `/bucket/key`, without the query.
        number: how many equal requests came before.
    """

    method: str
    path: str
    number: int


Choice = Callable[[Asked], Fault | None]


def no_fault(_: Asked) -> Fault | None:
    """Every request is passed on."""
    return None


@dataclass(frozen=True)
class Sometimes:
    """Faults from a seed: the same request, the same number of times, always has the same fault.

    Attributes:
        seed: of all choices.
        share: of the requests that have a fault, 0 to 1.
        faults: to choose from.
    """

    seed: str
    share: float
    faults: tuple[Fault, ...] = FAULTS

    def __call__(self, asked: Asked) -> Fault | None:
        """The fault of a request."""
        chance = random.Random(f"{self.seed} {asked.method} {asked.path} {asked.number}")  # noqa: S311
        return chance.choice(self.faults) if chance.random() < self.share else None


@dataclass(frozen=True)
class Scripted:
    """One fault for the first requests that match.

    Attributes:
        fault: what happens.
        method: of the requests.
        path: a pattern in their path.
        times: how many equal requests have it.
    """

    fault: Fault
    method: str = "PUT"
    path: str = ""
    times: int = 1

    def __call__(self, asked: Asked) -> Fault | None:
        """The fault of a request."""
        wanted = asked.method == self.method and re.search(self.path, asked.path)
        return self.fault if wanted and asked.number < self.times else None
