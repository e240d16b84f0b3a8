"""Servers that ignore conditions, refuse requests or truncate answers."""

from __future__ import annotations

import pytest

from support.objects import keys, put
from support.services.s3server import free_port
from support.services.weak_s3 import WeakS3
from vrdata.errors import ExitCode
from vrdata.store.counting import CountingStore
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore, StorageError, StoreAccessError
from vrdata.store.probe import probe


@pytest.fixture
def weak(weak_s3: WeakS3, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setattr("time.sleep", lambda _: None)  # the pauses between attempts
    return open_store("s3://bucket", endpoint=weak_s3.endpoint)


def test_the_probe_finds_a_server_that_ignores_conditions(
    weak: ObjectStore, weak_s3: WeakS3
) -> None:
    counting = CountingStore(weak)
    result = probe(counting)
    assert result.mode == "detect"
    assert (
        "the server ignores create-only writes: a second write of one key succeeds"
        in result.reasons
    )
    assert any("concurrent writers of one key" in reason for reason in result.reasons)
    assert result.notes == ("the store does not check the digest of the bytes that it receives",)
    assert weak_s3.objects == {}
    assert counting.total <= 53


def test_the_probe_works_without_permission_to_delete(weak: ObjectStore) -> None:
    class NoDelete(CountingStore):
        def delete(self, key: str) -> None:
            raise StoreAccessError(f"cannot delete {key}")

    assert any("do not allow deleting" in note for note in probe(NoDelete(weak)).notes)


def test_the_probe_of_an_unreachable_store_is_a_storage_error(
    weak_s3: WeakS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    store = open_store("s3://bucket", endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StorageError, match="Could not connect") as caught:
        probe(store)
    assert caught.value.exit_code == ExitCode.STORAGE
    assert "--endpoint" in caught.value.fix


def test_a_listing_skips_the_start_key_that_a_server_repeats(weak: ObjectStore) -> None:
    for key in ("a", "b", "c"):
        put(weak, key)
    assert keys(weak, after="a") == ["b", "c"]


def test_requests_to_an_overloaded_server_are_repeated(weak: ObjectStore, weak_s3: WeakS3) -> None:
    weak_s3.refusals = [(503, "SlowDown")] * 4
    assert put(weak, "a", b"body")
    assert weak_s3.objects == {"/bucket/a": b"body"}
    assert len(weak_s3.requests) == 5


def test_a_server_that_stays_overloaded_is_a_storage_error(
    weak: ObjectStore, weak_s3: WeakS3
) -> None:
    weak_s3.refusals = [(503, "SlowDown")] * 50
    with pytest.raises(StorageError, match="503 SlowDown: refused by the test"):
        put(weak, "a")
    assert len(weak_s3.requests) == 5


def test_a_write_that_conflicts_with_another_is_repeated(
    weak: ObjectStore, weak_s3: WeakS3
) -> None:
    weak_s3.refusals = [(409, "ConditionalRequestConflict")] * 3
    assert put(weak, "a")
    assert len(weak_s3.requests) == 4


def test_a_permanent_conflict_is_a_storage_error(weak: ObjectStore, weak_s3: WeakS3) -> None:
    weak_s3.refusals = [(409, "ConditionalRequestConflict")] * 50
    with pytest.raises(StorageError, match="409"):
        put(weak, "a")
    assert len(weak_s3.requests) == 6


def test_an_existing_key_is_not_an_error(weak: ObjectStore, weak_s3: WeakS3) -> None:
    put(weak, "a")
    weak_s3.refusals = [(412, "PreconditionFailed")]
    assert not put(weak, "a")


def test_a_truncated_body_is_read_again(weak: ObjectStore, weak_s3: WeakS3) -> None:
    put(weak, "a", b"0123456789")
    weak_s3.broken_bodies = 2
    assert weak.get("a") == b"0123456789"


def test_a_body_that_is_always_truncated_is_a_storage_error(
    weak: ObjectStore, weak_s3: WeakS3
) -> None:
    put(weak, "a", b"0123456789")
    weak_s3.broken_bodies = 50
    with pytest.raises(StorageError, match="cannot read a"):
        weak.get("a")


@pytest.mark.parametrize(
    ("status", "code", "error", "says"),
    [
        (403, "AccessDenied", StoreAccessError, "s3:PutObject"),
        (403, "ExpiredToken", StoreAccessError, "session token has expired"),
        (403, "RequestTimeTooSkewed", StoreAccessError, "clock"),
        (400, "InvalidRequest", StorageError, "another S3 server"),
        (501, "NotImplemented", StorageError, "another S3 server"),
        (400, "IllegalLocationConstraintException", StorageError, "--region"),
        (400, "AuthorizationHeaderMalformed", StorageError, "--region"),
        (405, "MethodNotAllowed", StorageError, "not of a web page"),
        (404, "", StoreAccessError, "not of a web page"),
        (429, "TooManyRequests", StorageError, "--jobs"),
        (507, "QuotaExceeded", StorageError, "507 QuotaExceeded"),
    ],
)
def test_the_error_for_a_refused_request_has_a_fix(
    weak: ObjectStore, weak_s3: WeakS3, status: int, code: str, error: type[Exception], says: str
) -> None:
    weak_s3.refusals = [(status, code)] * 10
    with pytest.raises(error, match=says):
        put(weak, "a")
    assert weak_s3.objects == {}


def test_objects_are_found_on_a_server_that_forbids_listing(
    weak: ObjectStore, weak_s3: WeakS3
) -> None:
    weak_s3.refusals = [(404, "NoSuchKey"), (403, "AccessDenied")]
    assert weak.head("a") is None


def test_requests_are_counted_by_operation(weak: ObjectStore) -> None:
    counting = CountingStore(weak)
    put(counting, "a")
    counting.head("a")
    counting.get("a")
    counting.get_range("a", 0, 1)
    keys(counting)
    counting.delete("a")
    one_each = ("put_new", "head", "get", "get_range", "list", "delete")
    assert counting.counts == dict.fromkeys(one_each, 1)
    assert counting.total == 6
    assert counting.url == weak.url


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_the_bucket_is_in_the_path_also_for_a_server_with_a_host_name(
    weak_s3: WeakS3, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = weak_s3.endpoint.replace("127.0.0.1", "localhost")
    monkeypatch.setenv("NO_PROXY", "localhost")
    if how == "environment":
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        endpoint = ""
    assert put(open_store("s3://bucket", endpoint=endpoint), "a")
    assert list(weak_s3.objects) == ["/bucket/a"]
