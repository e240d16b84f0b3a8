"""Recordings in a bucket: the rows of the same recordings in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest

from support.cli import called
from support.desktop.chain import rows_of, write_recordings
from support.services.s3server import S3Server

pytestmark = [pytest.mark.slow, pytest.mark.s3]


@pytest.fixture
def url(s3: S3Server, tmp_path: Path) -> str:
    """Three recordings in a bucket; the second one has no video."""
    write_recordings(tmp_path / "local", 3)
    (tmp_path / "local/01.mkv").unlink(missing_ok=True)
    bucket = s3.make_bucket(f"places-{uuid4().hex[:8]}")
    shutil.copytree(tmp_path / "local", s3.folder / bucket / "day-one")
    return f"s3://{bucket}/day-one"


def test_events_of_a_bucket_are_those_of_a_folder_with_keys_as_names(
    url: str, tmp_path: Path
) -> None:
    tables = {}
    for name, place in (("stored", url), ("local", str(tmp_path / "local"))):
        out = tmp_path / f"{name}-events"
        done = called("desktop", "events", "-tr", place, "-o", out, "--num_workers", 1)
        assert done.code == 0, done.err
        start = "" if place == url else f"{place}/"
        assert f"missing: {start}00.mkv: 20 screen events of {start}00.mcap" in done.err
        assert "02.mkv" not in done.err
        assert f'"file_path":"{start}01.mcap"' in (out / "recordings.jsonl").read_text()
        assert '"instruction":"Do task 1"' in (out / "recordings.jsonl").read_text()
        tables[name] = rows_of(out, "events")
    for split, table in tables["local"].items():
        keys = [path.removeprefix(f"{tmp_path}/local/") for path in table["file_path"].to_pylist()]
        expected = table.set_column(0, "file_path", pa.array(keys))
        assert tables["stored"][split].equals(expected), split


def test_folders_below_the_prefix_are_read_if_asked_for(url: str, tmp_path: Path) -> None:
    above, out = url.rpartition("/")[0], tmp_path / "events"
    refused = called("desktop", "events", "-tr", above, "-o", out)
    assert refused.code == 5
    assert "no file matches /*.mcap" in refused.err
    done = called("desktop", "events", "-tr", above, "-o", out, "--recursive", "-n", 1)
    assert done.code == 0, done.err
    tables = rows_of(out, "events").values()
    names = {path for table in tables for path in table["file_path"].to_pylist()}
    assert names == {f"day-one/0{one}.mcap" for one in range(3)}


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "-tr", "recordings", "-o", "s3://bucket/out"),
        ("bins", "-i", "s3://bucket/in", "-o", "out"),
        ("bins", "-i", "in", "-o", "s3://bucket/out"),
        ("sequences", "-i", "s3://bucket/in", "-o", "out"),
        ("from-run", "s3://bucket/run", "-o", "s3://bucket/out"),
    ],
)
def test_a_dataset_in_a_bucket_is_refused_with_what_to_do(arguments: tuple[str, ...]) -> None:
    refused = called("desktop", *arguments)
    assert refused.code == 2
    assert "is not a folder of this machine" in refused.err
    assert "vrdata upload" in refused.err


def test_a_url_with_a_password_is_refused_and_not_shown(tmp_path: Path) -> None:
    refused = called("desktop", "events", "-tr", "s3://u:secret@bucket/x", "-o", tmp_path / "out")
    assert refused.code == 2
    assert "secret" not in refused.err + refused.out
