"""Images and videos beside a table."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from vrdata.cli.timeseries.converting import write_converted
from vrdata.timeseries.convert.media import Beside, Keep
from vrdata.timeseries.create import DummyOptions, dummy_episode
from vrdata.timeseries.table.episode import Episode


def test_two_cameras_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    with Beside(tmp_path / "t.parquet") as folder:
        kept = [folder.keep(0, "rgb.mp4", data) for data in (b"left", b"right", b"top")]
        kept.append(folder.keep(1, "rgb.mp4", b"next"))
        folder.commit()
    found = [(tmp_path / media.path).read_bytes() for media in kept]
    assert found == [b"left", b"right", b"top", b"next"]
    assert kept[0].path == "t_media/000000.rgb.mp4"


def test_a_table_that_cannot_be_finished_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    def make(keep: Keep) -> Generator[Episode, None, None]:
        yield replace(dummy_episode(0, DummyOptions()), image=keep(0, "main.png", b"picture"))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_converted(tmp_path / "t.parquet", make, {}, media_files=True)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert write_converted(tmp_path / "t.parquet", make, {}, media_files=True) == 1
    assert (tmp_path / "t_media/000000.main.png").read_bytes() == b"picture"
