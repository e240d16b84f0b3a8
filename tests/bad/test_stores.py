"""Stores that cannot be used, through the command line: one clear error, nothing half-written."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Ran, vrdata, write_run
from support.s3server import S3Server, s3, s3_server  # noqa: F401 - fixtures
from support.small_disk import mounted_disk
from support.trees import read_tree
from support.weak_s3 import WeakS3, weak_s3  # noqa: F401 - fixture
from vrdata.store.opening import open_store

pytestmark = pytest.mark.slow

# ruff: noqa: F811 - fixtures are named like their imports


def run_to(folder: Path, out: object, *more: object, samples: int = 10, **variables: str) -> Ran:
    """A small run into a place."""
    run = write_run(folder / "run.yaml", {"O-sliding-tiles": samples}, shard_size=10)
    return vrdata("run", run, "--local", "--out", out, "--jobs", 1, *more, **variables)


def expect(ran: Ran, code: int, *words: str) -> None:
    """One error with this exit code and these words, and no traceback."""
    assert ran.code == code, ran.err
    assert ran.err.count("error:") == 1, ran.err
    assert "Traceback" not in ran.err
    assert [word for word in words if word not in ran.err] == [], ran.err


def test_a_bucket_that_does_not_exist(tmp_path: Path, s3: S3Server) -> None:
    expect(run_to(tmp_path, "s3://no-such-bucket/x"), 5, "no-such-bucket", "fix:")


def test_a_wrong_key(tmp_path: Path, s3: S3Server) -> None:
    url = f"s3://{s3.make_bucket('wrong-key')}/x"
    ran = run_to(tmp_path, url, AWS_SECRET_ACCESS_KEY="PLANTED-wrong")  # noqa: S106 - wrong one
    expect(ran, 5, "wrong-key", "fix:")
    assert "PLANTED" not in ran.out + ran.err


def test_no_credentials(tmp_path: Path, s3: S3Server) -> None:
    url = f"s3://{s3.make_bucket('no-key')}/x"
    ran = run_to(tmp_path, url, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    expect(ran, 5, "credentials", "fix:")


def test_a_port_that_nobody_listens_on(tmp_path: Path, s3: S3Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = run_to(tmp_path, "s3://b/x", "--endpoint", endpoint)
    expect(ran, 7, endpoint)


def test_an_endpoint_that_is_no_url(tmp_path: Path) -> None:
    expect(run_to(tmp_path, "s3://b/x", "--endpoint", "localhost:9000"), 2, "--endpoint", "http")


def test_an_unknown_kind_of_place(tmp_path: Path) -> None:
    expect(run_to(tmp_path, "gs://bucket/x"), 2, "gs:", "fix:")


def test_a_server_that_forbids_writing(tmp_path: Path, weak_s3: WeakS3) -> None:
    weak_s3.read_only = True
    ran = run_to(tmp_path, "s3://b/x", "--endpoint", weak_s3.endpoint)
    expect(ran, 5, "s3:PutObject")
    assert weak_s3.objects == {}


def test_a_server_that_ignores_conditions_is_named_and_used_with_care(
    tmp_path: Path, weak_s3: WeakS3
) -> None:
    first = run_to(tmp_path, "s3://b/x", "--endpoint", weak_s3.endpoint, samples=20)
    assert first.code == 0, first.err
    assert "ignores create-only writes" in first.err
    before = dict(weak_s3.objects)
    conflict = run_to(tmp_path, "s3://b/x", "--endpoint", weak_s3.endpoint, samples=30)
    expect(conflict, 3, "samples")
    assert weak_s3.objects == before


def test_another_plan_is_there(tmp_path: Path) -> None:
    assert run_to(tmp_path, tmp_path / "out").code == 0
    before = read_tree(tmp_path / "out")
    expect(run_to(tmp_path, tmp_path / "out", samples=20), 3, "another plan", "samples", "fix:")
    assert read_tree(tmp_path / "out") == before


def test_a_plan_that_is_not_one_is_there(tmp_path: Path) -> None:
    plan = tmp_path / "out/default/demo/_vrdata/plan.json"
    plan.parent.mkdir(parents=True)
    plan.write_text("{")
    expect(run_to(tmp_path, tmp_path / "out"), 3, "plan.json")
    assert plan.read_text() == "{"


def test_the_output_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    expect(run_to(tmp_path, tmp_path / "out"), 7, "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", "size=64k") as folder:
        yield folder


def test_a_full_disk_leaves_no_half_shard(tmp_path: Path, full_disk: Path) -> None:
    ran = run_to(tmp_path, full_disk / "out", "--scratch", tmp_path)
    assert ran.code in {1, 7}
    assert "No space left" in ran.out + ran.err
    assert "Traceback" not in ran.err
    assert not list(full_disk.rglob("*.tar"))
    assert not list(full_disk.rglob("commits/*/*.json"))


def test_a_read_only_disk(tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "disk", "ro") as folder:
        expect(run_to(tmp_path, folder / "out"), 7, "Read-only", str(folder))


def test_a_full_scratch_disk_is_named(tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "scratch", "size=200k") as folder:
        ran = run_to(tmp_path, tmp_path / "out", "--scratch", folder, samples=40)
        assert ran.code in {1, 7}
        assert "No space left" in ran.out + ran.err
        assert not list((tmp_path / "out").rglob("*.tar"))


def test_the_s3_store_stays_empty_after_a_refused_run(tmp_path: Path, s3: S3Server) -> None:
    url = f"s3://{s3.make_bucket('untouched')}/x"
    run = write_run(tmp_path / "run.yaml", {"O-nothing": 10})
    assert vrdata("run", run, "--local", "--out", url).code == 3
    assert list(open_store(url).list_after("")) == []
    assert os.environ["AWS_ENDPOINT_URL_S3"] == s3.endpoint
