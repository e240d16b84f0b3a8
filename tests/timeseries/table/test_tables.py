"""Tables keep episodes exactly, in any order of reading, and name what is wrong."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.timeseries.episodes import episode, same_episode
from vrdata.timeseries.table.episode import Camera, Episode, Media
from vrdata.timeseries.table.faults import FaultError, TimeSeriesError
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.table.writing import write_table


@given(seed=st.integers(0, 2**32), count=st.integers(1, 150), single=st.booleans())
def test_episodes_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, single: bool
) -> None:
    path = tmp_path_factory.mktemp("table") / "data.parquet"
    kind = np.float32 if single else np.float64
    episodes = [episode(seed + number, kind=kind) for number in range(count)]
    assert write_table(path, iter(episodes)) == count
    tables = open_tables([path])
    assert len(tables) == count
    for index in np.random.default_rng(seed).permutation(count)[:20]:
        same_episode(tables.episode(int(index)), episodes[index])


def test_cameras_media_and_names_are_kept(tmp_path: Path) -> None:
    stamps = np.array([5, 7, 11])
    wrist = Camera(Media("a.png"), Media("b.mp4", b"clip"), -3, stamps)
    first = replace(
        episode(1),
        image=Media("imgs/0.png", b"picture"),
        video=Media("videos/0.mp4"),
        video_start=2**60 + 1,
        cameras={"wrist": wrist, "front.left": Camera()},
    )
    second = replace(episode(2), cameras={"wrist": Camera(), "front.left": Camera()})
    names = {"actions": ["x", "y", "z"]}
    write_table(tmp_path / "t.parquet", [first, second], names=names)
    tables = open_tables([tmp_path / "t.parquet"])
    same_episode(tables.episode(0), first)
    same_episode(tables.episode(1), second)
    assert tables.file(0).names == {"actions": ["x", "y", "z"], "observations": None}
    unread = tables.episode(0, media=False)
    assert unread.image == Media("imgs/0.png")


def test_embedded_media_need_no_path(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", [replace(episode(1), video=Media(data=b"clip"))])
    assert open_tables([tmp_path / "t.parquet"]).episode(0).video == Media("", b"clip")


def test_several_files_are_one_sequence_and_can_be_sent_to_another_process(tmp_path: Path) -> None:
    episodes = [episode(number) for number in range(200)]
    write_table(tmp_path / "a.parquet", episodes[:70])
    write_table(tmp_path / "b.parquet", episodes[70:])
    tables = open_tables([tmp_path / "a.parquet", tmp_path / "b.parquet"], cache_bytes=0)
    tables.episode(0)
    sent = pickle.loads(pickle.dumps(tables))  # noqa: S301 - our own
    for index in (199, 0, 69, 70, 133, 134):
        same_episode(sent.episode(index), episodes[index])
    assert tables.steps("actions").tolist() == [len(one.actions) for one in episodes]
    with pytest.raises(IndexError):
        tables.episode(200)


def test_the_form_of_the_seed_is_written_and_read(tmp_path: Path) -> None:
    episodes = [
        replace(episode(number), image=Media("imgs/0.png"), video=Media("videos/0.mp4"))
        for number in range(3)
    ]
    write_table(tmp_path / "data.pq", episodes, form="seed")
    stored = pq.read_table(tmp_path / "data.pq")
    assert stored.schema.field("actions").type == pa.list_(pa.list_(pa.float64()))
    assert stored.column_names == ["text", "actions", "observations", "image", "video"]
    step = stored.column("actions")[0].as_py()[0]
    assert step == [episodes[0].actions_timestamps[0] / 1e9, *episodes[0].actions[0].tolist()]
    tables = open_tables([tmp_path / "data.pq"])
    for index, expected in enumerate(episodes):
        same_episode(tables.episode(index), expected)
    assert tables.steps("actions").tolist() == [len(one.actions) for one in episodes]


def broken(**changes: object) -> Episode:
    return replace(episode(1), **changes)  # type: ignore[arg-type]


TEN = np.arange(10, dtype=np.int64)
NAN = np.where(np.arange(30).reshape(10, 3) == 13, np.nan, 1.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (broken(actions=np.zeros((0, 3)), actions_timestamps=TEN[:0]), "actions: it has no steps"),
        (
            broken(actions=np.zeros((10, 4)), actions_timestamps=TEN),
            "actions: dimension mismatch: 4 values a step, expected 3",
        ),
        (
            broken(actions=NAN, actions_timestamps=TEN),
            "actions: step 4: value 1 is nan",
        ),
        (
            broken(actions=np.zeros((10, 3)), actions_timestamps=TEN[:9]),
            "actions_timestamps: 9 timestamps for 10 steps",
        ),
        (
            broken(actions=np.zeros((10, 3)), actions_timestamps=TEN * 0 + 7),
            "actions_timestamps: constant: all 10 timestamps are 7 ns",
        ),
        (
            broken(observations=np.zeros((3, 7)), observations_timestamps=np.array([1, 5, 4])),
            "observations_timestamps: step 2: not increasing: the timestamp 4 ns does not come",
        ),
        (broken(video=Media("../x.mp4")), "video: '../x.mp4' is not a path below"),
        (broken(image=Media("/etc/x.png")), "image: '/etc/x.png' is not a path below"),
        (broken(video_timestamps=TEN), "video_timestamps: there is no video"),
        (broken(cameras={"wrist": Camera()}), "video: cameras ['wrist'], row 0 has ()"),
        (broken(text=None), "text: there is no text"),
    ],
)
def test_a_fault_names_row_column_and_step_and_writes_nothing(
    tmp_path: Path, wrong: Episode, said: str
) -> None:
    with pytest.raises(ValueError, match="row 1: ") as caught:
        write_table(tmp_path / "t.parquet", [episode(0), wrong])
    assert isinstance(caught.value, FaultError)
    assert caught.value.what.startswith(f"row 1: {said}")
    assert list(tmp_path.iterdir()) == []
    sent = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert str(sent) == str(caught.value)


def seed_table(path: Path, actions: list[object], observations: list[object] | None = None) -> Path:
    good = [[[0.0, 1.0], [0.5, 1.0]]] * len(actions)
    columns = {"text": ["t"] * len(actions), "actions": actions, "observations": good}
    if observations is not None:
        columns["observations"] = observations
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([[0.0, 1.0], [0.5, 1.0, 2.0]], "actions: step 1: dimension mismatch: 3 values, step 0"),
        ([[0.0, 1.0, 2.0]], "actions: dimension mismatch: 2 values a step, expected 1"),
        ([[1742918912.0, 1.0]] * 3, "actions_timestamps: constant: all 3 timestamps are 17429189"),
        ([[0.0, 1.0], [None, 1.0]], "actions: step 1: nan is not a time in seconds"),
        ([[0.0, 1.0], [1.0, None]], "actions: step 1: value 0 is nan"),
        ([], "actions: it has no steps"),
        (None, "actions: it is null"),
    ],
)
def test_a_faulty_row_of_another_program_is_named_and_the_others_can_be_read(
    tmp_path: Path, row: object, said: str
) -> None:
    path = seed_table(tmp_path / "t.pq", [[[0.0, 1.0]], row, [[2.0, 3.0]]])
    tables = open_tables([path])
    with pytest.raises(FaultError) as caught:
        tables.episode(1)
    assert caught.value.what.startswith(f"{path}: row 1: {said}")
    assert tables.episode(2).actions.tolist() == [[3.0]]


def test_a_file_that_is_no_table_is_refused_with_its_name(tmp_path: Path) -> None:
    text = tmp_path / "notes.parquet"
    text.write_text("hello")
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"text": ["a"]}), other)
    with pytest.raises(TimeSeriesError, match=r"notes\.parquet cannot be read as a Parquet table"):
        open_tables([text])
    with pytest.raises(TimeSeriesError, match=r"other\.parquet has no column actions, obs"):
        open_tables([other])


def test_tables_of_other_robots_do_not_fit_together(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", [episode(0)])
    write_table(tmp_path / "b.parquet", [episode(0, actions=4)])
    with pytest.raises(TimeSeriesError, match=r"actions has 4 values a step, .* has 3"):
        open_tables([tmp_path / "a.parquet", tmp_path / "b.parquet"])


def test_tables_of_other_cameras_do_not_fit_together(tmp_path: Path) -> None:
    wrist = {"wrist": Camera(video=Media("a.mp4"))}
    write_table(tmp_path / "a.parquet", [episode(0)])
    write_table(tmp_path / "b.parquet", [replace(episode(0), cameras=wrist)])
    with pytest.raises(TimeSeriesError, match=r"b.parquet has the further cameras wrist, .* no "):
        open_tables([tmp_path / "a.parquet", tmp_path / "b.parquet"])


def test_the_fingerprint_differs_when_one_value_does(tmp_path: Path) -> None:
    one = episode(0)
    values = one.actions.copy()
    values[3, 1] += 1e-9
    for name, written in (("a", one), ("b", one), ("c", replace(one, actions=values))):
        write_table(tmp_path / f"{name}.parquet", [written])
    a, b, c = (open_tables([tmp_path / f"{name}.parquet"]).fingerprint for name in "abc")
    assert a == b != c


def test_a_failed_write_keeps_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, [episode(0)])
    with pytest.raises(FaultError):
        write_table(path, [episode(1), broken(text=None)])
    same_episode(open_tables([path]).episode(0), episode(0))
    assert [one.name for one in tmp_path.iterdir()] == ["t.parquet"]
