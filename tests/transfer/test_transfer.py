"""Copies are complete, checked, resumable, and overwrite nothing."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import boto3
import pytest

from support.objects import keys, put
from support.services.s3server import S3Server
from support.services.weak_s3 import WeakS3
from support.trees import read_tree, write_tree
from vrdata.bounded.parallel import QUEUED_PER_JOB, in_parallel
from vrdata.errors import NotFoundError, UsageError
from vrdata.store.counting import CountingStore
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectInfo, StorageError
from vrdata.transfer import copy as transfer
from vrdata.transfer.copy import download, upload


def test_a_copied_folder_equals_its_source(place: str, source: Path, tmp_path: Path) -> None:
    store = open_store(place)
    sent = upload(source, store)
    assert (sent.transferred, sent.skipped, sent.failed) == (6, 0, 0)
    assert sent.bytes == sum(map(len, read_tree(source).values()))
    back = download(store, tmp_path / "back")
    assert back == sent
    assert read_tree(tmp_path / "back") == read_tree(source)


def test_a_second_copy_skips_every_file(place: str, source: Path, tmp_path: Path) -> None:
    store = CountingStore(open_store(place))
    upload(source, store)
    again = upload(source, store)
    assert (again.transferred, again.skipped, again.failed, again.bytes) == (0, 6, 0, 0)
    assert store.counts["put_new"] == 6
    download(store, tmp_path / "back")
    reads = store.counts["get_range"]
    again = download(store, tmp_path / "back")
    assert (again.transferred, again.skipped, again.failed) == (0, 6, 0)
    assert store.counts["get_range"] == reads


def test_an_interrupted_copy_is_resumed(place: str, source: Path, tmp_path: Path) -> None:
    store = open_store(place)
    put(store, "index.json", b"{}")
    assert (upload(source, store).transferred, upload(source, store).skipped) == (5, 6)
    write_tree(tmp_path / "back", {"index.json": b"{}"})
    assert download(store, tmp_path / "back").transferred == 5
    assert read_tree(tmp_path / "back") == read_tree(source)


def test_existing_files_with_other_bytes_are_failures_and_stay(
    place: str, source: Path, tmp_path: Path
) -> None:
    store = open_store(place)
    put(store, "index.json", b"[]")  # of equal size
    sent = upload(source, store)
    assert (sent.transferred, sent.failed) == (5, 1)
    assert sent.failures[0].key == "index.json"
    assert "nothing is overwritten" in sent.failures[0].why
    assert store.get("index.json") == b"[]"
    write_tree(tmp_path / "back", {"empty": b"mine"})
    back = download(store, tmp_path / "back")
    assert (back.transferred, back.failed) == (5, 1)
    assert (tmp_path / "back/empty").read_bytes() == b"mine"


def test_an_empty_or_missing_source_is_not_found(place: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is empty or does not exist"):
        download(open_store(place), tmp_path / "back")
    with pytest.raises(NotFoundError, match="does not exist"):
        upload(tmp_path / "missing", open_store(place))
    (tmp_path / "hollow").mkdir()
    with pytest.raises(NotFoundError, match="has no files"):
        upload(tmp_path / "hollow", open_store(place))
    assert not (tmp_path / "back").exists()


def test_an_upload_reports_files_that_it_cannot_copy(place: str, source: Path) -> None:
    (source / "link").symlink_to(source / "empty")
    (source / "folder-link").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    (source / "new\nline").write_bytes(b"x")
    (source / os.fsdecode(b"\xff")).write_bytes(b"x")
    (source / ".vrdata-tmp").mkdir()
    (source / ".vrdata-tmp/half").write_bytes(b"half")
    store = open_store(place)
    result = upload(source, store)
    assert (result.transferred, result.failed) == (6, 5)
    shown = {item["key"]: item["why"] for item in result.to_dict()["failures"]}
    assert set(shown) == {"link", "folder-link", "pipe", "new\\nline", "\\udcff"}
    assert "not a regular file" in shown["link"]
    assert len(keys(store)) == 6


def test_an_unreadable_file_does_not_stop_the_copy(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        if path.name == "empty":
            raise PermissionError(13, "Permission denied", str(path))
        return "0" * 64 if path.name == "index.json" else real(path)

    real = transfer.sha256_file
    monkeypatch.setattr(transfer, "sha256_file", refuse)
    result = upload(source, open_store(str(tmp_path / "store")))
    assert (result.transferred, result.failed) == (4, 2)
    assert {failed.key for failed in result.failures} == {"empty", "index.json"}


def test_one_job_and_many_copy_the_same(place: str, source: Path, tmp_path: Path) -> None:
    write_tree(source, {f"many/{number:03d}": b"%d" % number for number in range(120)})
    store = open_store(place)
    upload(source, store, jobs=16)
    for jobs in (1, 16):
        download(store, tmp_path / f"back{jobs}", jobs=jobs)
        assert read_tree(tmp_path / f"back{jobs}") == read_tree(source)


def test_a_copy_into_itself_is_refused(source: Path) -> None:
    for inner, outer in ((source, source), (source / "a", source), (source, source / "new")):
        with pytest.raises(UsageError, match="one folder"):
            upload(inner, open_store(str(outer)))
        with pytest.raises(UsageError, match="one folder"):
            download(open_store(str(inner)), outer)


def test_a_download_into_an_unusable_folder_fails(source: Path, tmp_path: Path) -> None:
    store = open_store(str(source))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="is a file"):
        download(store, tmp_path / "file/back")
    with pytest.raises(StorageError, match="is a file"):
        download(store, tmp_path / "file")


def test_progress_is_reported_after_each_file(source: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    upload(source, open_store(str(tmp_path / "s")), report=lambda result: seen.append(result.files))
    assert seen == [1, 2, 3, 4, 5, 6]


def test_items_are_read_only_as_fast_as_they_are_processed() -> None:
    taken = 0

    def items():
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    done = in_parallel(items(), lambda number: number, jobs=2)
    next(done)
    assert taken <= 2 * QUEUED_PER_JOB
    assert max(done) == 999


def test_an_error_ends_the_iteration_and_drops_queued_items() -> None:
    started: list[int] = []

    def work(number: int) -> int:
        started.append(number)
        raise StorageError("gone")

    with pytest.raises(StorageError, match="gone"):
        list(in_parallel(range(1000), work, jobs=1))
    assert len(started) <= QUEUED_PER_JOB + 1


def test_keys_that_point_outside_the_folder_are_failures(tmp_path: Path, weak_s3: WeakS3) -> None:
    # A good server refuses such keys itself.
    weak_s3.objects |= {
        "/bucket/p/../../../evil": b"1",
        "/bucket/p//etc/evil": b"2",
        "/bucket/p/a/../../evil": b"3",
        "/bucket/p/.vrdata-tmp/evil": b"4",
        "/bucket/p/good": b"5",
        "/bucket/p/folder/": b"",
    }
    result = download(open_store("s3://bucket/p", endpoint=weak_s3.endpoint), tmp_path / "back")
    assert (result.transferred, result.failed) == (1, 4)
    assert read_tree(tmp_path) == {"back/good": b"5"}


def test_an_object_below_an_object_does_not_stop_the_copy(tmp_path: Path, weak_s3: WeakS3) -> None:
    # A posix server cannot hold both.
    weak_s3.objects |= {"/bucket/a": b"1", "/bucket/a/b": b"2", "/bucket/c": b"3"}
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    result = download(store, tmp_path / "back", jobs=1)
    assert (result.transferred, result.failed) == (2, 1)
    assert read_tree(tmp_path / "back") == {"a": b"1", "c": b"3"}


def test_a_link_in_the_folder_is_not_followed_out_of_it(source: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "back").mkdir()
    (tmp_path / "back/a").symlink_to(tmp_path / "outside")
    result = download(open_store(str(source)), tmp_path / "back")
    assert (result.transferred, result.failed) == (3, 3)
    assert list((tmp_path / "outside").iterdir()) == []


def test_damaged_bytes_are_not_stored(source: Path, tmp_path: Path, weak_s3: WeakS3) -> None:
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    upload(source, store)
    weak_s3.objects["/bucket/a/ground_truth.mp4"] = bytes(10_240_000)
    result = download(store, tmp_path / "back")
    assert (result.transferred, result.failed) == (5, 1)
    assert "sha256" in result.failures[0].why
    assert "a/ground_truth.mp4" not in read_tree(tmp_path / "back")


def test_an_object_that_shrinks_during_the_download_is_not_stored(
    source: Path, tmp_path: Path, weak_s3: WeakS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    upload(source, store)
    real = store.head

    def head_then_shrink(key: str) -> ObjectInfo | None:
        info = real(key)
        weak_s3.objects[f"/bucket/{key}"] = weak_s3.objects[f"/bucket/{key}"][:100]
        return info

    monkeypatch.setattr(store, "head", head_then_shrink)
    result = download(store, tmp_path / "back")
    assert (result.transferred, result.failed) == (4, 2)
    assert all("expected" in failed.why for failed in result.failures)


def test_an_upload_overwrites_nothing_on_a_server_that_ignores_conditions(
    source: Path, weak_s3: WeakS3
) -> None:
    weak_s3.objects["/bucket/index.json"] = b"theirs"
    result = upload(source, open_store("s3://bucket", endpoint=weak_s3.endpoint))
    assert result.failed == 1
    assert weak_s3.objects["/bucket/index.json"] == b"theirs"


@pytest.mark.slow
@pytest.mark.s3
def test_objects_of_other_tools_are_downloaded_and_checked_by_size(
    tmp_path: Path, s3: S3Server
) -> None:
    bucket = s3.make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    client = boto3.client("s3", endpoint_url=s3.endpoint)
    client.put_object(Bucket=bucket, Key="p/", Body=b"")
    client.put_object(Bucket=bucket, Key="p/folder/", Body=b"")
    client.put_object(Bucket=bucket, Key="p/folder/x.txt", Body=b"foreign")
    client.put_object(Bucket=bucket, Key="prefix-of-another/x", Body=b"not wanted")
    store = open_store(f"s3://{bucket}/p")
    assert download(store, tmp_path / "back").transferred == 1
    assert read_tree(tmp_path / "back") == {"folder/x.txt": b"foreign"}
    assert download(store, tmp_path / "back").skipped == 1


@pytest.mark.slow
@pytest.mark.s3
def test_uploads_have_a_content_type_by_extension(source: Path, s3: S3Server) -> None:
    bucket = s3.make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    upload(source, open_store(f"s3://{bucket}/p"))
    client = boto3.client("s3", endpoint_url=s3.endpoint)
    types = {
        key: client.head_object(Bucket=bucket, Key=f"p/{key}")["ContentType"]
        for key in read_tree(source)
    }
    assert types == {
        "index.json": "application/json",
        "empty": "application/octet-stream",
        "a/first_frame.png": "image/png",
        "a/b c/größe.txt": "text/plain; charset=utf-8",
        "a/ground_truth.mp4": "video/mp4",
        "a.b/deep/er/x.avi": "video/x-msvideo",
    }
