"""Images and videos beside a table."""

from __future__ import annotations

from pathlib import Path

from vrdata.timeseries.convert.media import Beside


def test_two_cameras_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    with Beside(tmp_path / "t.parquet") as folder:
        kept = [folder.keep(0, "rgb.mp4", data) for data in (b"left", b"right", b"top")]
        kept.append(folder.keep(1, "rgb.mp4", b"next"))
        folder.commit()
    found = [(tmp_path / media.path).read_bytes() for media in kept]
    assert found == [b"left", b"right", b"top", b"next"]
    assert kept[0].path == "t_media/000000.rgb.mp4"
