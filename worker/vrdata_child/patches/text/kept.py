"""Results that are kept within limits, and keys of arguments."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})


class Kept:
    """Results by key. When it is full, those that were not used lately are dropped.

    It has two halves. A result that is found in the old half moves to the new one; when the new
    half is full, it becomes the old one. There is no lock: a race of two threads loses a result,
    which is then computed again.

    Args:
        entries: how many results it holds at most.
        size: how many bytes they have at most.
    """

    def __init__(self, entries: int, size: int) -> None:
        self._entries, self._size = entries // 2, size // 2
        self._new: dict[Hashable, tuple[Any, int]] = {}
        self._old: dict[Hashable, tuple[Any, int]] = {}
        self._bytes = 0

    def get(self, key: Hashable) -> Any:
        """The result of a key, or None."""
        found = self._new.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def put(self, key: Hashable, result: Any, size: int) -> None:
        """Keep a result of `size` bytes, unless it is larger than half of the limit."""
        if size > self._size:
            return
        if len(self._new) >= self._entries or self._bytes + size > self._size:
            self._old, self._new, self._bytes = self._new, {}, 0
        self._new[key] = result, size
        self._bytes += size


class NotKeptError(Exception):
    """An argument that cannot be compared."""


def frozen(values: tuple[Any, ...]) -> Hashable:
    """A key that is equal only for equal values of equal types.

    Raises:
        NotKeptError: a value is not a text, bytes, number or None, or a list or tuple of these.
    """
    kinds = tuple(map(type, values))
    if _PLAIN.issuperset(kinds):
        return values, kinds
    return tuple(map(_frozen, values)), kinds


def frozen_names(named: Mapping[str, Any]) -> Hashable:
    """As `frozen`, of arguments with names."""
    return (*named, frozen((*named.values(),))) if named else None


def _frozen(value: Any) -> Hashable:
    kind = type(value)
    if kind in _PLAIN:
        return kind, value
    if kind is list or kind is tuple:
        return frozen(tuple(value))
    if isinstance(value, str):  # of numpy, or an enumeration: its characters count
        return str.__str__(value)
    raise NotKeptError
