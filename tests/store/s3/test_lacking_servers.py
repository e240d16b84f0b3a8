"""Servers that lack a part of S3: each one is used without it, or refused with the true reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from support.objects import keys, put
from support.services.weak_s3 import Behaviour, WeakS3
from vrdata.errors import VrdataError
from vrdata.store.limits import CHECKSUM, CONDITION, METADATA
from vrdata.store.opening import open_store
from vrdata.store.port import DigestMismatchError, StorageError
from vrdata.store.probe import probe
from vrdata.store.streaming import sha256_object
from vrdata.transfer.copy import download, upload

NOT_IMPLEMENTED = (501, "NotImplemented")
INVALID = (400, "InvalidArgument")
CONDITIONS, CHECKSUMS = "if-none-match", "x-amz-checksum-"


def good(**lacks: Any) -> Behaviour:
    return Behaviour(create_only=True, **lacks)


def refusing(*headers: str, answer: tuple[int, str] = NOT_IMPLEMENTED) -> Behaviour:
    return good(refused_headers=dict.fromkeys(headers, answer))


# What the server lacks, and the limits that the store then reports.
SERVERS: dict[str, tuple[Behaviour, set[str]]] = {
    "nothing": (good(), set()),
    "If-None-Match, 501": (refusing(CONDITIONS), {CONDITION}),
    "If-None-Match, 400": (refusing(CONDITIONS, answer=INVALID), {CONDITION}),
    "If-None-Match, 405": (refusing(CONDITIONS, answer=(405, "MethodNotAllowed")), {CONDITION}),
    "If-None-Match, always 412": (
        refusing(CONDITIONS, answer=(412, "PreconditionFailed")),
        {CONDITION},
    ),
    "If-None-Match, without a body": (refusing(CONDITIONS, answer=(501, "")), {CONDITION}),
    "checksums, 501": (refusing(CHECKSUMS), {CHECKSUM}),
    "checksums, 400": (refusing(CHECKSUMS, answer=INVALID), {CHECKSUM}),
    "checksums, mismatch": (
        refusing(CHECKSUMS, answer=(400, "XAmzContentSHA256Mismatch")),
        {CHECKSUM},
    ),
    "checksums, signature": (
        refusing(CHECKSUMS, answer=(403, "SignatureDoesNotMatch")),
        {CHECKSUM},
    ),
    "checksum algorithm": (
        refusing("x-amz-sdk-checksum-algorithm", answer=INVALID),
        {CHECKSUM},
    ),
    "both headers": (refusing(CONDITIONS, CHECKSUMS), {CONDITION, CHECKSUM}),
    "checksum mode of reads": (refusing("x-amz-checksum-mode"), set()),
    "HEAD, 405": (good(refused_requests={"HEAD": (405, "MethodNotAllowed")}), set()),
    "HEAD, 403": (good(refused_requests={"HEAD": (403, "AccessDenied")}), set()),
    "HEAD, 501": (good(refused_requests={"HEAD": NOT_IMPLEMENTED}), set()),
    "ListObjectsV2, 501": (good(refused_requests={"LIST 2": NOT_IMPLEMENTED}, page=2), set()),
    "ListObjectsV2, 400": (good(refused_requests={"LIST 2": INVALID}, page=2), set()),
    "ListObjectsV2, answered as ListObjects": (good(old_listing=True, page=2), set()),
    "long pages": (good(page=2), set()),
    "DELETE": (good(refused_requests={"DELETE": NOT_IMPLEMENTED}), set()),
    "metadata": (good(keeps_metadata=False), set()),
    "metadata and If-None-Match": (
        good(keeps_metadata=False, refused_headers={CONDITIONS: NOT_IMPLEMENTED}),
        {CONDITION, METADATA},
    ),
    "ranges": (good(ranges="ignored"), set()),
    "status 206": (good(ranges="plain"), set()),
    "whole ranges": (good(ranges="short"), set()),
}
NAMES = ("a b+c", "a%20b", "e;&<f>?#='\"", "ä/ö")


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """One session for all stores: boto3 reads its service definitions once."""
    return boto3.Session("any", "any")


@pytest.fixture(autouse=True)
def quick(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts, and the session of the module."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("boto3.Session", lambda **_: session)


@pytest.mark.parametrize("lacks", SERVERS)
def test_objects_are_written_once_read_and_listed_on_a_server_without(
    lacks: str, weak_s3: WeakS3
) -> None:
    weak_s3.behaviour, limits = SERVERS[lacks]
    store = open_store("s3://bucket/prefix", endpoint=weak_s3.endpoint)
    for name in NAMES:
        assert store.head(name) is None
        assert put(store, name, name.encode() * 3)
        assert not put(store, name, b"another writer")
        info = store.head(name)
        assert info is not None
        assert info.size == len(name.encode()) * 3
        assert store.get(name) == name.encode() * 3
    assert set(store.limits) == limits
    assert keys(store) == sorted(NAMES)
    assert keys(store, after="a%20b") == sorted(NAMES)[2:]
    body = b"0123456789"
    put(store, "range", body)
    assert [store.get_range("range", *part) for part in ((0, 4), (3, 4), (8, 9), (12, 1))] == [
        b"0123",
        b"3456",
        b"89",
        b"",
    ]
    assert sha256_object(store, "range", 10) == hashlib.sha256(body).hexdigest()
    if lacks != "DELETE":
        store.delete("range")
        assert store.head("range") is None


@pytest.mark.parametrize("lacks", SERVERS)
def test_files_are_uploaded_twice_and_downloaded_from_a_server_without(
    lacks: str, weak_s3: WeakS3, tmp_path: Path
) -> None:
    weak_s3.behaviour, _ = SERVERS[lacks]
    store = open_store("s3://bucket/prefix", endpoint=weak_s3.endpoint)
    (tmp_path / "up").mkdir()
    (tmp_path / "up/same").write_bytes(b"same")
    (tmp_path / "up/other").write_bytes(b"other")
    assert upload(tmp_path / "up", store).transferred == 2
    assert upload(tmp_path / "up", store).skipped == 2
    (tmp_path / "up/other").write_bytes(b"OTHER")  # equal size
    again = upload(tmp_path / "up", store)
    assert (again.skipped, again.failed) == (1, 1)
    assert download(store, tmp_path / "down").transferred == 2
    (tmp_path / "down/same").write_bytes(b"SAME")
    assert download(store, tmp_path / "down").failed == 1


@pytest.mark.parametrize(
    "lacks",
    [name for name, (_, limits) in SERVERS.items() if limits]
    + ["nothing", "metadata", "DELETE", "HEAD, 501", "ListObjectsV2, 501"],
)
def test_the_probe_finds_the_mode_of_a_server_without(lacks: str, weak_s3: WeakS3) -> None:
    weak_s3.behaviour, limits = SERVERS[lacks]
    result = probe(open_store("s3://bucket/prefix", endpoint=weak_s3.endpoint))
    assert result.mode == ("detect" if CONDITION in limits else "strict")
    if CONDITION in limits:
        assert result.reasons[0].startswith("the server refuses If-None-Match (")
    assert any(CHECKSUM in note for note in result.notes) == (CHECKSUM in limits)
    assert any("does not keep digests" in note for note in result.notes) == ("metadata" in lacks)
    if lacks == "DELETE":
        assert any("small objects stay" in note for note in result.notes)
    else:
        assert weak_s3.objects == {}


def test_a_refused_header_is_found_once(weak_s3: WeakS3) -> None:
    weak_s3.behaviour = refusing(CHECKSUMS)
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    for name in ("a", "b", "c"):
        put(store, name)
    assert weak_s3.requests == ["PUT /bucket/a"] * 3 + ["PUT /bucket/b", "PUT /bucket/c"]


def test_a_header_is_not_dropped_for_one_refusal(weak_s3: WeakS3) -> None:
    weak_s3.behaviour = good()
    weak_s3.refusals = [(400, "BadDigest")]
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    assert put(store, "a")
    assert store.limits == {}


@pytest.mark.parametrize("code", ["BadDigest", "NotImplemented"])
def test_a_header_that_the_server_has_accepted_is_never_dropped(weak_s3: WeakS3, code: str) -> None:
    weak_s3.behaviour = good()
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    put(store, "a")
    weak_s3.refusals = [(400, code)] * 2
    with pytest.raises(StorageError, match="cannot write b"):
        put(store, "b")
    assert store.limits == {}


def test_an_object_that_a_late_look_up_does_not_find_is_not_overwritten(weak_s3: WeakS3) -> None:
    weak_s3.behaviour = good()
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    assert put(store, "a")
    weak_s3.behaviour.refused_requests = {"HEAD": (404, "")}
    assert not put(store, "a")
    assert [request for request in weak_s3.requests if request.startswith("PUT")] == [
        "PUT /bucket/a"
    ] * 3
    assert store.limits == {}


@pytest.mark.parametrize("status", [304, 412])
def test_an_existing_key_is_found_by_either_status(weak_s3: WeakS3, status: int) -> None:
    weak_s3.behaviour = good()
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    put(store, "a")
    weak_s3.refusals = [(status, "")]
    assert not put(store, "a")
    assert store.limits == {}


def test_bytes_that_changed_are_never_written_without_their_checksum(weak_s3: WeakS3) -> None:
    weak_s3.behaviour = refusing(CHECKSUMS, answer=(400, "BadDigest"))
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    with pytest.raises(DigestMismatchError, match="do not match their digest"):
        store.put_new("a", b"changed", sha256=hashlib.sha256(b"planned").hexdigest())
    assert weak_s3.objects == {}


def test_a_write_that_another_writer_replaced_is_not_reported_as_written(
    weak_s3: WeakS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak_s3.behaviour = refusing(CONDITIONS)
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    monkeypatch.setattr(
        "vrdata.store.s3.writing.Writer._send",
        _then(lambda: weak_s3.metadata.update({"/bucket/a": "0" * 64})),
    )
    assert put(store, "b")
    assert not put(store, "a")


def _then(change: Callable[[], None]) -> Callable[..., bool]:
    from vrdata.store.s3.writing import Writer

    send = Writer._send

    def sent(*arguments: Any) -> bool:
        created = send(*arguments)
        change()
        return created

    return sent


def test_the_error_after_a_refused_header_is_about_the_plain_request(weak_s3: WeakS3) -> None:
    weak_s3.behaviour = refusing(CONDITIONS, CHECKSUMS)
    weak_s3.read_only = True
    with pytest.raises(VrdataError, match="AccessDenied") as caught:
        put(open_store("s3://bucket", endpoint=weak_s3.endpoint), "a")
    assert "s3:PutObject" in caught.value.fix
