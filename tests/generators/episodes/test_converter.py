"""M-hdf5-episodes: the rows of an HDF5 file."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
import yaml

from support.timeseries.hdf5 import ACTIONS, BEGIN, action_times, frame_times, write_franka
from vrdata_generators.api import Item, Options, Row
from vrdata_generators.checks import check_rows
from vrdata_generators.converters.catalogue import converter_entries
from vrdata_generators.converters.hdf5_episodes import Hdf5Episodes
from vrdata_generators.episodes.mapping import FRANKA


def rows(path: Path, options: Options | None = None) -> list[Row]:
    item = Item(3, f"logs/{path.name}", {f"logs/{path.name}": path})
    return check_rows(Hdf5Episodes(), item, options)


def test_a_file_becomes_a_row_with_its_clip_and_its_key(tmp_path: Path) -> None:
    (row,) = rows(write_franka(tmp_path / "a.h5"))
    assert (row["text"], row["source"]) == ("Pick up the red cup", "logs/a.h5")
    assert row["actions_timestamps"] == action_times(30)
    assert [len(step) for step in row["observations"]] == [7] * 15
    assert row["image"]["bytes"].startswith(b"\x89PNG")
    assert row["video"]["bytes"][4:8] == b"ftyp"
    assert row["video_start"] == frame_times(1)[0]
    assert row["video_timestamps"] == frame_times(8)
    assert row["audio"] is None


def test_the_map_is_an_option(tmp_path: Path) -> None:
    layout = FRANKA.model_dump(mode="json") | {"camera": None, "text": {"constant": "Wave"}}
    (row,) = rows(write_franka(tmp_path / "a.h5"), {"map": yaml.safe_dump(layout)})
    assert (row["text"], row["video"], row["video_start"]) == ("Wave", None, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layout": "x"}, "there is no option layout: the only option is map"),
        ({"map": "actions: 3"}, "text: Field required"),
        (
            {"map": yaml.safe_dump(FRANKA.model_dump() | {"cameras": {"a": {"keys": "x"}}})},
            "the rows have one camera",
        ),
    ],
)
def test_an_invalid_option_is_explained(tmp_path: Path, options: Options, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rows(write_franka(tmp_path / "a.h5"), options)


def test_a_bad_file_is_an_invalid_item_with_its_name(tmp_path: Path) -> None:
    path = write_franka(tmp_path / "a.h5", without=["hand"])
    with pytest.raises(ValueError, match=r"logs/a.h5: hand is missing"):
        rows(path)
    path = write_franka(tmp_path / "b.h5")
    with h5py.File(path, "a") as file:
        file[f"{ACTIONS}/{BEGIN}"][()] = float("nan")
    with pytest.raises(ValueError, match="actions: step 0 has a value that is not a number"):
        rows(path)


def test_an_item_without_an_hdf5_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ValueError, match="an item is one HDF5 file, and this one has 0"):
        rows(tmp_path / "a.txt")


def test_the_catalogue_says_that_it_gives_rows() -> None:
    rows_by_name = {entry["name"]: entry.get("rows") for entry in converter_entries()}
    assert rows_by_name["M-hdf5-episodes"] is True
    assert rows_by_name["M-import"] is False
