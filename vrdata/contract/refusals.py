"""What a generator tried to do and the sandbox refused: counted, named and bounded. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from vrdata.text import count, head, printable_line

MAX_REFUSALS = 100  # kinds that are kept
MAX_SHOWN = 10
MAX_IN_FAILURE = 3
MAX_COUNT = 10**9
_MAX_BYTES = 300
_NETWORK = "open a network connection"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refused attempt. All texts are printable and of bounded size.

    Attributes:
        what: it tried to do, as in "open a network connection".
        program: that tried it, or "".
        where: line of the generator's own code, as `FILE:LINE`, or "".
        count: how often.
    """

    what: str
    program: str = ""
    where: str = ""
    count: int = 1

    @classmethod
    def read(cls, fields: object) -> Refusal | None:
        """A refusal as a sandbox reports it; None when it is malformed."""
        if not isinstance(fields, dict):
            return None
        texts = [fields.get(name, "") for name in ("what", "program", "where")]
        count = fields.get("count")
        if not all(isinstance(text, str) for text in texts) or not texts[0]:
            return None
        if type(count) is not int or count < 1:
            return None
        what, program, where = (head(printable_line(text, "?"), _MAX_BYTES) for text in texts)
        return cls(what, program, where, min(count, MAX_COUNT))

    @property
    def of_network(self) -> bool:
        """Whether it tried to use the network."""
        return self.what.startswith(_NETWORK)

    def __str__(self) -> str:
        times = f" {count(self.count, 'time')}" if self.count > 1 else ""
        where = f" ({self.where})" if self.where else ""
        return f"{self.program or 'a program'} tried to {self.what}{times}{where}"


def total(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Each kind once, with the sum of its counts, in order; at most MAX_REFUSALS kinds."""
    return _combined(refusals, lambda one, other: min(one + other, MAX_COUNT))


def most(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Each kind once, with its largest count, in order: for a block that is generated again."""
    return _combined(refusals, max)


def lines(refusals: Iterable[Refusal]) -> tuple[str, ...]:
    """One line each for the user; at most MAX_SHOWN and how many more there are."""
    texts = [f"refused: {refusal}" for refusal in refusals]
    more = len(texts) - MAX_SHOWN
    return (*texts[:MAX_SHOWN], *([f"refused: {more} more"] if more > 0 else []))


def with_refusals(message: str, refused: Sequence[Refusal]) -> str:
    """The message of a failure, with the refused attempts in its first line."""
    if not refused:
        return message
    first, newline, rest = message.partition("\n")
    named = "; ".join(f"refused: {refusal}" for refusal in refused[:MAX_IN_FAILURE])
    more = len(refused) - MAX_IN_FAILURE
    return f"{first}; {named}{f' and {more} more' if more > 0 else ''}{newline}{rest}"


def _combined(
    refusals: Iterable[Refusal], combine: Callable[[int, int], int]
) -> tuple[Refusal, ...]:
    found: dict[Refusal, int] = {}
    for refusal in refusals:
        kind = replace(refusal, count=1)
        if kind in found:
            found[kind] = combine(found[kind], refusal.count)
        elif len(found) < MAX_REFUSALS:
            found[kind] = refusal.count
    return tuple(replace(kind, count=count) for kind, count in found.items())
