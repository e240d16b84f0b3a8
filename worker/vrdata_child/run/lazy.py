"""Generate samples one at a time, when the writer reads them from the dataset.

The repositories share one framework: `BaseGenerator.generate_dataset` calls
`generate_task_pair(id)` for each id, keeps all pairs and returns them; the script then writes
them. Here the same pairs are generated in the same order, but each is written and reported before
the next is generated, so memory does not grow with the number of samples.

If the generation of a pair raises, the next ones are generated: the generator's random numbers
continue as it left them, which is the same in every attempt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol, overload

if TYPE_CHECKING:
    from vrdata_child.run.journal import Journal


class EnoughSamples(BaseException):
    """Ends a generator after the wanted samples; `except Exception` does not catch it."""


class DependentSamplesError(BaseException):
    """Ends a generator that cannot begin in the middle of a block: its next bytes are not known."""


class Stream(Protocol):
    """What becomes of the pairs of a lazy dataset.

    Attributes:
        first: position of the first pair that is not done.
    """

    first: int

    def positions(self, count: int) -> Iterator[int]:
        """Positions of the pairs to generate and write, in order; `count`: of all pairs."""

    def collect(self, task_id: str, *, more: bool) -> None:
        """The pair of this id is written; `more`: another one follows."""

    def missed(self, position: int, error: BaseException) -> bool:
        """The pair raised. Returns whether the next one is generated."""


class LazyDataset(Sequence[Any]):
    """Pairs that are generated during iteration.

    Args:
        ids: the task ids, in order.
        generate: generates the pair of one id.
        stream: collects a pair when its consumer requests the next one, so the pair is written.
        journal: of the block.
    """

    def __init__(
        self, ids: Sequence[str], generate: Callable[[str], Any], stream: Stream, journal: Journal
    ) -> None:
        self._ids = ids
        self._generate = generate
        self._stream = stream
        self._journal = journal
        self._all: list[Any] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Any]:
        if self._all is not None:
            yield from self._all
            return
        for position in self._stream.positions(len(self._ids)):
            pair = self._next(position)
            if pair is None:
                continue
            self._journal.hand_out()
            yield pair[0]
            self._journal.ask()
            del pair
            self._stream.collect(self._ids[position], more=position + 1 < len(self._ids))

    def _next(self, position: int) -> list[Any] | None:
        """The pair of a position, in a list; None when it raised and the next one follows."""
        try:
            return [self._generate(self._ids[position])]
        except (Exception, SystemExit) as error:
            if not self._stream.missed(position, error):
                raise
            return None

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        # A script that reads samples by number needs all of them, as without vrdata.
        if self._stream.first:
            raise DependentSamplesError
        if self._all is None:
            self._all = [self._generate(task_id) for task_id in self._ids]
        return self._all[index]


def count_pairs(base: type[Any], journal: Journal) -> None:
    """Note each call of `generate_task_pair` of a repository's BaseGenerator and its subclasses."""
    calls = _Calls(journal)
    for known in _with_subclasses(base):
        calls.note(known)
    own = vars(base).get("__init_subclass__")

    def note_subclass(cls: type, /, **options: Any) -> None:
        if own is None:
            super(base, cls).__init_subclass__(**options)
        else:
            own.__func__(cls, **options)
        calls.note(cls)

    base.__init_subclass__ = classmethod(note_subclass)  # type: ignore[assignment]


def _with_subclasses(base: type) -> Iterator[type]:
    yield base
    known: type
    for known in base.__subclasses__():
        yield from _with_subclasses(known)


class _Calls:
    """Notes calls; a method that calls the one of its base class begins no other pair."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._local = threading.local()

    def note(self, known: type) -> None:
        """Replace the class's own `generate_task_pair`, if it has one."""
        original = vars(known).get("generate_task_pair")
        if not isinstance(original, FunctionType):
            return

        @wraps(original)
        def generate_task_pair(*args: Any, **options: Any) -> Any:
            if getattr(self._local, "inner", False):
                return original(*args, **options)
            self._local.inner = True
            self._journal.begin_pair(str([*args[1:], *options.values(), ""][0]))
            try:
                pair = original(*args, **options)
            finally:
                self._local.inner = False
            self._journal.end_pair()
            return pair

        known.generate_task_pair = generate_task_pair  # type: ignore[attr-defined]


def install_lazy(base: type, stream: Stream, journal: Journal) -> None:
    """Replace `generate_dataset` of a repository's BaseGenerator by a lazy one.

    A class that overrides it is not affected: it generates the whole block first.
    """
    original = base.generate_dataset  # type: ignore[attr-defined]

    def generate_dataset(self: Any) -> Any:
        ids = planned_ids(original, self)
        if ids is None and stream.first:
            raise DependentSamplesError
        if ids is None:
            return original(self)
        return LazyDataset(ids, self.generate_task_pair, stream, journal)

    base.generate_dataset = generate_dataset  # type: ignore[attr-defined]


def planned_ids(original: Callable[[Any], Any], generator: Any) -> list[str] | None:
    """The ids that `original` would generate pairs for, in order; no pair is generated.

    None when it does anything other than collect one pair per id.
    """
    recorder = _Recorder(generator)
    try:
        returned = original(recorder)
    except Exception:  # noqa: BLE001 - foreign code that needs real pairs
        return None
    pairs = recorder.pairs
    if not isinstance(returned, list) or len(returned) != len(pairs):
        return None
    if any(one is not other for one, other in zip(returned, pairs, strict=True)):
        return None
    return recorder.ids


class _Recorder:
    """Replaces a generator: records the ids and returns empty pairs."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator
        self.ids: list[str] = []
        self.pairs: list[object] = []

    def generate_task_pair(self, task_id: str) -> object:
        self.ids.append(task_id)
        self.pairs.append(object())
        return self.pairs[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)
