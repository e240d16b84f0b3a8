"""Statistics are exact, computed once, and computed again when the table changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from support.timeseries.episodes import episode
from vrdata.timeseries.table.reading import Tables, open_tables
from vrdata.timeseries.table.writing import write_table
from vrdata.timeseries.windows import statistics as module
from vrdata.timeseries.windows.statistics import statistics


def test_statistics_of_several_files_are_those_of_all_values(tmp_path: Path) -> None:
    rows = [episode(number) for number in range(150)]
    write_table(tmp_path / "a.parquet", rows[:100])
    write_table(tmp_path / "b.parquet", rows[100:])
    found = statistics(open_tables([tmp_path / "a.parquet", tmp_path / "b.parquet"]))
    for column in ("actions", "observations"):
        values = np.concatenate([row.series(column)[0] for row in rows])
        assert found[column].count == len(values)
        np.testing.assert_allclose(found[column].mean, values.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(found[column].std, values.std(axis=0), rtol=1e-12)
        np.testing.assert_array_equal(found[column].low, values.min(axis=0))
        np.testing.assert_array_equal(found[column].high, values.max(axis=0))


def test_they_are_computed_once_for_each_content_of_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    compute = module._computed

    def counted(tables: Tables, number: int) -> object:
        computed.append(number)
        return compute(tables, number)

    monkeypatch.setattr(module, "_computed", counted)
    path = tmp_path / "t.parquet"
    write_table(path, [episode(1)])
    first = statistics(open_tables([path]))
    again = statistics(open_tables([path]))
    assert computed == [0]
    np.testing.assert_array_equal(first["actions"].mean, again["actions"].mean)
    (stored,) = tmp_path.glob("t.parquet.statistics-*.json")
    assert json.loads(stored.read_text())["actions"]["count"] == len(episode(1).actions)
    stored.write_text(stored.read_text()[:50])
    statistics(open_tables([path]))
    write_table(path, [episode(2)])
    statistics(open_tables([path]))
    assert computed == [0, 0, 0]


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, [episode(1)])

    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(module, "write_small", refuse)
    assert statistics(open_tables([path]))["actions"].count == len(episode(1).actions)
