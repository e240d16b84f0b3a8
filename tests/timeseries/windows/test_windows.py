"""Windows equal a naive reference for random rates, jitter, lengths and offsets."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.timeseries import reference
from vrdata.errors import UsageError
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.faults import FaultError
from vrdata.timeseries.table.writing import write_table
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions


@st.composite
def episodes(draw: st.DrawFn, number: int = 0) -> Episode:
    """Series of random rates, jitter, gaps and starts; values tell the episode and the step."""
    origin = draw(st.integers(-(10**9), 2 * 10**18))
    series: list[Any] = []
    for width in (3, 2):
        rate = draw(st.sampled_from([7, 20, 30, 50, 100, 1000]))
        steps = draw(st.integers(1, 60))
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        period = 10**9 // rate
        jitter = draw(st.sampled_from([0, 1, period // 10, period // 3]))
        stamps = origin + draw(st.integers(-(10**8), 10**8)) + np.arange(steps) * period
        stamps += rng.integers(-jitter, jitter + 1, steps)
        kept = rng.random(steps) >= draw(st.sampled_from([0.0, 0.1]))
        kept[0] = True
        values = number * 1000 + np.arange(steps)[:, None] + np.arange(width) / 8
        series += [values[kept], stamps[kept]]
    return Episode(f"episode {number}", *series)


def table(folder: Path, *rows: Episode) -> Path:
    path = folder / "data.parquet"
    write_table(path, rows)
    return path


LENGTHS = st.sampled_from([0.001, 0.025, 0.05, 0.1, 0.33, 1.0])


@given(st.data(), LENGTHS, LENGTHS, st.integers(1, 5))
def test_every_window_equals_the_naive_one_of_its_own_episode(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    actions: float,
    observations: float,
    stride: int,
) -> None:
    rows = [data.draw(episodes(number)) for number in range(data.draw(st.integers(1, 3)))]
    path = table(tmp_path_factory.mktemp("windows"), *rows)
    options = WindowOptions(mode="window", stride=stride, dtype=np.float64)
    dataset = WindowDataset(path, actions, observations, options)
    starts = [
        (number, step)
        for number, row in enumerate(rows)
        for step in range(0, len(row.actions), stride)
    ]
    assert len(dataset) == len(starts)
    for window, (number, step) in zip(dataset, starts, strict=True):
        assert (window["episode"], window["step"]) == (number, step)
        assert window["text"] == rows[number].text
        time = int(rows[number].actions_timestamps[step])
        for column, seconds in (("actions", actions), ("observations", observations)):
            values, stamps, mask = reference.window(rows[number], column, seconds, time)
            np.testing.assert_array_equal(window[column], values)
            assert window[f"{column}_timestamps"].tolist() == stamps
            assert window[f"{column}_mask"].tolist() == mask
        assert window["actions"][0].tolist() == rows[number].actions[step].tolist()


@given(episodes(), LENGTHS, st.sampled_from([5, 20, 40, 100, 250]), st.data())
def test_resampled_windows_equal_the_naive_ones(
    tmp_path_factory: pytest.TempPathFactory,
    row: Episode,
    seconds: float,
    rate: int,
    data: st.DataObject,
) -> None:
    how = data.draw(st.sampled_from(["linear", "nearest", "hold"]))
    options = WindowOptions(mode="window", sample_rate=rate, interpolation=how, dtype=np.float64)
    dataset = WindowDataset(table(tmp_path_factory.mktemp("t"), row), seconds, seconds, options)
    for window in dataset:
        time = int(row.actions_timestamps[window["step"]])
        for column in ("actions", "observations"):
            values, mask = reference.resampled(row, column, seconds, rate, time, how)
            np.testing.assert_allclose(window[column], values, rtol=0, atol=1e-9)
            assert window[f"{column}_mask"].tolist() == mask


def regular(number: int, steps: int = 60, **changes: Any) -> Episode:
    """100 Hz actions and 50 Hz observations, from the time 0."""
    acts = np.arange(steps, dtype=np.int64) * 10**7
    obs = np.arange(steps // 2, dtype=np.int64) * 2 * 10**7
    row = Episode(
        f"episode {number}",
        np.full((steps, 3), float(number)),
        acts,
        np.full((steps // 2, 7), float(number)),
        obs,
    )
    return replace(row, **changes)


def test_a_tenth_of_a_second_has_ten_actions_and_five_observations(tmp_path: Path) -> None:
    window = WindowDataset(table(tmp_path, regular(0)), 0.1, 0.1)[0]
    assert window["actions"].shape == (10, 3)
    assert window["observations"].shape == (5, 7)
    assert window["actions"].dtype == np.float32
    assert window["actions_mask"].all()
    assert window["observations_mask"].all()


def test_ten_episodes_have_ten_different_first_windows(tmp_path: Path) -> None:
    dataset = WindowDataset(table(tmp_path, *map(regular, range(10))), 0.1, 0.1)
    assert len(dataset) == 10
    firsts = [float(dataset[index]["actions"][0, 0]) for index in range(10)]
    assert firsts == [float(number) for number in range(10)]
    assert [dataset[index]["text"] for index in (3, 9)] == ["episode 3", "episode 9"]


def test_the_end_is_padded_with_zeros_that_the_mask_tells(tmp_path: Path) -> None:
    dataset = WindowDataset(
        table(tmp_path, regular(7, steps=20)), 0.1, 0.1, WindowOptions(mode="window")
    )
    window = dataset[16]
    assert window["actions_mask"].tolist() == [True] * 4 + [False] * 6
    assert window["actions"][:, 0].tolist() == [7.0] * 4 + [0.0] * 6
    assert window["observations_mask"].tolist() == [True] * 2 + [False] * 3


def test_observations_that_begin_later_are_padded_at_the_start(tmp_path: Path) -> None:
    row = regular(1)
    late = replace(row, observations_timestamps=row.observations_timestamps + 6 * 10**7)
    window = WindowDataset(table(tmp_path, late), 0.1, 0.1)[0]
    assert window["observations_mask"].tolist() == [False] * 3 + [True] * 2
    assert window["observations_timestamps"].tolist() == [0, 0, 0, 6 * 10**7, 8 * 10**7]


def test_random_starts_depend_on_seed_epoch_and_episode_only(tmp_path: Path) -> None:
    path = table(tmp_path, *map(regular, range(8)))
    one, other = (
        WindowDataset(path, 0.1, 0.1, WindowOptions(start="random", seed=3)) for _ in range(2)
    )
    first = [one[index]["step"] for index in range(8)]
    assert [other[index]["step"] for index in reversed(range(8))] == first[::-1]
    one.set_epoch(1)
    assert [one[index]["step"] for index in range(8)] != first
    assert len(set(first)) > 3


def test_normalised_values_have_mean_zero_and_padding_stays_zero(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [regular(0, actions=rng.normal(5, 3, (60, 3))) for _ in range(5)]
    options = WindowOptions(mode="window", normalise=True, dtype=np.float64)
    dataset = WindowDataset(table(tmp_path, *rows), 0.01, 0.1, options)
    values = np.concatenate([window["actions"] for window in dataset])
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=1e-9)
    last = WindowDataset(dataset.tables, 0.1, 0.1, options)[59]
    assert (last["actions"][1:] == 0).all()


def test_a_dataset_can_be_sent_to_another_process(tmp_path: Path) -> None:
    dataset = WindowDataset(table(tmp_path, *map(regular, range(3))), 0.1, 0.1)
    assert dataset[1]["episode"] == 1
    sent = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - our own
    np.testing.assert_array_equal(sent[2]["actions"], dataset[2]["actions"])


def test_there_is_no_window_outside(tmp_path: Path) -> None:
    dataset = WindowDataset(table(tmp_path, regular(0)), 0.1, 0.1)
    for index in (-1, 1):
        with pytest.raises(IndexError):
            dataset[index]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stride": 0}, "stride cannot be 0"),
        ({"sample_rate": 0.0}, "sample_rate cannot be 0.0"),
        ({"interpolation": "cubic"}, "interpolation cannot be 'cubic'"),
        ({"video_frame_offsets": ()}, "video_frame_offsets cannot be ()"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = table(tmp_path, regular(0))
    with pytest.raises(UsageError) as caught:
        WindowDataset(path, 0.1, 0.1, WindowOptions(**changes))
    assert caught.value.what == said
    with pytest.raises(UsageError, match="acts_length_sec cannot be 0"):
        WindowDataset(path, 0, 0.1)


def test_a_faulty_episode_is_named_when_its_window_is_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = [[1742918912.0, 1.0]] * 5
    good = [[0.0, 1.0], [0.5, 1.0]]
    columns = {"text": ["a", "b"], "actions": [good, row], "observations": [good, good]}
    pq.write_table(pa.table(columns), tmp_path / "t.pq")
    dataset = WindowDataset(tmp_path / "t.pq", 0.1, 0.1)
    assert dataset[0]["text"] == "a"
    with pytest.raises(FaultError, match="row 1: actions_timestamps: constant: all 5 timestamps"):
        dataset[1]
