"""Runs into a bucket of a real S3 server."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from support.cli import Ran, command, vrdata, write_run
from support.polling import wait_until
from support.services.s3server import S3Server
from vrdata.store.opening import open_store

pytestmark = [pytest.mark.slow, pytest.mark.s3]


def into(folder: Path, home: Path, out: object, samples: int = 100, *more: object) -> Ran:
    """Run `samples` of a trap in shards of 10 to `out`."""
    return vrdata(*arguments(folder, home, out, samples), *more, "-o", "json")


def arguments(folder: Path, home: Path, out: object, samples: int = 100) -> list[object]:
    run = write_run(folder / "run.yaml", {"O-unseeded": samples}, shard_size=10)
    return ["run", run, "--local", "--out", out, "--generators", home, "--jobs", 2]


@pytest.mark.smoke
def test_a_bucket_and_a_folder_get_the_same_dataset(
    tmp_path: Path,
    traps_home: Path,
    s3: S3Server,
) -> None:
    url = f"s3://{s3.make_bucket('same')}/root"
    in_bucket = into(tmp_path, traps_home, url)
    in_folder = into(tmp_path, traps_home, tmp_path / "out")
    assert in_bucket.code == 0, in_bucket.err
    assert in_bucket.json["datasetHash"] == in_folder.json["datasetHash"]
    checked = vrdata("verify", f"{url}/default/demo", "-o", "json")
    assert checked.code == 0, checked.out
    assert checked.json["datasetHash"] == in_bucket.json["datasetHash"]
    copied = vrdata("download", f"{url}/default/demo", tmp_path / "copy")
    assert copied.code == 0, copied.err
    assert (
        vrdata("verify", tmp_path / "copy", "-o", "json").json["datasetHash"]
        == (in_bucket.json["datasetHash"])
    )


def test_a_killed_run_into_a_bucket_continues_with_the_missing_shards(
    tmp_path: Path,
    traps_home: Path,
    s3: S3Server,
) -> None:
    url = f"s3://{s3.make_bucket('killed')}/root"
    store = open_store(f"{url}/default/demo/_vrdata/commits")
    process = subprocess.Popen(
        command(*arguments(tmp_path, traps_home, url, 400)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(list(store.list_after(""))) >= 5, "five commit markers")
    started = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # Workers end when their parent ends.
    wait_until(lambda: not psutil.wait_procs(started, timeout=0)[1], "the end of the workers")
    there = len(list(store.list_after("")))
    again = into(tmp_path, traps_home, url, 400)
    assert again.code == 0, again.err
    assert again.json["generatedShards"] == 40 - there
    assert vrdata("verify", f"{url}/default/demo").code == 0


def test_another_plan_in_the_bucket_is_a_conflict_and_changes_nothing(
    tmp_path: Path,
    traps_home: Path,
    s3: S3Server,
) -> None:
    url = f"s3://{s3.make_bucket('conflict')}/root"
    assert into(tmp_path, traps_home, url, 20).code == 0
    store = open_store(url)
    before = list(store.list_after(""))
    refused = into(tmp_path, traps_home, url, 30)
    assert refused.code == 3
    assert "samples" in refused.err
    assert list(store.list_after("")) == before
