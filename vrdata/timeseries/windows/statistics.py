"""Mean, standard deviation and range of each dimension: computed once, stored beside the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata.store.port import StorageError, StoreAccessError
from vrdata.timeseries.table.places import Place, read_small, write_small
from vrdata.timeseries.table.reading import Tables
from vrdata.timeseries.table.schema import SERIES

VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """The distribution of the values of one series.

    Attributes:
        count: steps.
        mean: [D].
        square: [D] sum of the squared distances from the mean.
        low: [D] smallest values.
        high: [D] largest values.
    """

    count: int
    mean: NDArray[np.float64]
    square: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def std(self) -> NDArray[np.float64]:
        """[D] standard deviation of the population."""
        result: NDArray[np.float64] = np.sqrt(self.square / self.count)
        return result

    def merged(self, other: Moments) -> Moments:
        """Those of both together."""
        count = self.count + other.count
        apart = other.mean - self.mean
        return Moments(
            count,
            self.mean + apart * (other.count / count),
            self.square + other.square + apart**2 * (self.count * other.count / count),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )


def moments_of(values: NDArray[Any]) -> Moments:
    """Of [N, D] values, at least one."""
    exact = values.astype(np.float64)
    mean = exact.mean(axis=0)
    square = ((exact - mean) ** 2).sum(axis=0)
    return Moments(len(exact), mean, square, exact.min(axis=0), exact.max(axis=0))


def statistics(tables: Tables) -> dict[str, Moments]:
    """Those of `actions` and `observations`, of all files together.

    They are stored beside each file as `FILE.statistics-FINGERPRINT.json`, so they are computed
    once; if nothing can be written there, each call computes them.

    Raises:
        FaultError: an episode is not valid.
        TimeSeriesError, StorageError, OSError: a file cannot be read.
    """
    total: dict[str, Moments] = {}
    for number in range(len(tables.places)):
        found = _stored(tables, number) or _computed(tables, number)
        for column, moments in found.items():
            total[column] = total[column].merged(moments) if column in total else moments
    return total


def _place(tables: Tables, number: int) -> Place:
    place, fingerprint = tables.places[number], tables.fingerprints[number]
    name = place.name.rpartition("/")[2]
    return place.beside(f"{name}.statistics-{fingerprint[:12]}.json")


def _stored(tables: Tables, number: int) -> dict[str, Moments] | None:
    body = read_small(_place(tables, number))
    if body is None:
        return None
    try:
        facts = json.loads(body)
        if (facts["version"], facts["fingerprint"]) != (VERSION, tables.fingerprints[number]):
            return None
        return {column: _moments(facts[column]) for column in SERIES if column in facts}
    except (ValueError, KeyError, TypeError):
        return None  # a file that was cut or edited: compute them again


def _moments(facts: dict[str, Any]) -> Moments:
    arrays = {name: np.array(facts[name], np.float64) for name in ("mean", "square", "low", "high")}
    return Moments(int(facts["count"]), **arrays)


def _computed(tables: Tables, number: int) -> dict[str, Moments]:
    found: dict[str, Moments] = {}
    for column, values in _values(tables, number):
        moments = moments_of(values)
        found[column] = found[column].merged(moments) if column in found else moments
    facts = {"version": VERSION, "fingerprint": tables.fingerprints[number]}
    lists = {
        column: {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in asdict(moments).items()
        }
        | {"std": moments.std.tolist()}
        for column, moments in found.items()
    }
    body = json.dumps(facts | lists, indent=2).encode()
    with suppress(OSError, StorageError, StoreAccessError):  # a place that is only read
        write_small(_place(tables, number), body)
    return found


def _values(tables: Tables, number: int) -> Iterator[tuple[str, NDArray[Any]]]:
    """The values of each series of each row group, checked."""
    for first, stop in tables.group_ranges(number):
        episodes = [tables.episode(index, media=False) for index in range(first, stop)]
        for column in SERIES:
            yield column, np.concatenate([one.series(column)[0] for one in episodes])
