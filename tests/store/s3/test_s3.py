"""Errors that only buckets have: access, credentials, answers of a real server."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

import boto3
import pytest

from support.objects import keys, put
from support.services.s3server import SECRET_KEY, S3Server
from vrdata.errors import ExitCode, InvalidInputError
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectNotFoundError, StorageError, StoreAccessError
from vrdata.store.s3.writing import MAX_PUT_BYTES

pytestmark = [pytest.mark.slow, pytest.mark.s3]


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.make_bucket(f"b-{uuid.uuid4().hex[:12]}")


REQUESTS = {
    "put": lambda store: put(store, "a"),
    "get": lambda store: store.get("a"),
    "head": lambda store: store.head("a"),
    "list": keys,
    "delete": lambda store: store.delete("a"),
}


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_to_a_missing_bucket_is_an_access_error(
    s3: S3Server, request_name: str
) -> None:
    with pytest.raises(StoreAccessError, match="the bucket missing does not exist") as caught:
        REQUESTS[request_name](open_store("s3://missing"))
    assert caught.value.exit_code == ExitCode.NOT_FOUND
    assert "vrdata bucket create s3://missing" in caught.value.fix


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_an_access_error_that_does_not_repeat_them(
    bucket: str, monkeypatch: pytest.MonkeyPatch, variable: str, request_name: str
) -> None:
    monkeypatch.setenv(variable, "wrong-PLANTED")
    with pytest.raises(StoreAccessError) as caught:
        REQUESTS[request_name](open_store(f"s3://{bucket}"))
    assert "PLANTED" not in str(caught.value)
    assert SECRET_KEY not in str(caught.value)


def test_missing_credentials_are_an_access_error_with_the_fix(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreAccessError, match="no usable credentials") as caught:
        open_store(f"s3://{bucket}").get("a")
    assert "AWS_ACCESS_KEY_ID" in caught.value.fix


def test_an_invalid_bucket_name_is_an_access_error(s3: S3Server) -> None:
    with pytest.raises(StoreAccessError, match="is not a valid bucket name"):
        open_store("s3://no spaces here").get("a")


def test_https_to_a_plain_server_is_a_storage_error(s3: S3Server, bucket: str) -> None:
    store = open_store(f"s3://{bucket}", endpoint=s3.endpoint.replace("http:", "https:"))
    with pytest.raises(StorageError, match="http or https"):
        store.get("a")


def test_objects_keep_digest_and_content_type(s3: S3Server, bucket: str) -> None:
    put(open_store(f"s3://{bucket}/p"), "a/video.avi", b"body")
    answer = boto3.client("s3", endpoint_url=s3.endpoint).head_object(
        Bucket=bucket, Key="p/a/video.avi", ChecksumMode="ENABLED"
    )
    digest = hashlib.sha256(b"body").hexdigest()
    assert answer["ContentType"] == "video/x-msvideo"
    assert answer["Metadata"] == {"sha256": digest}
    assert answer["ChecksumSHA256"]


def test_a_digest_that_only_the_server_recorded_is_found(s3: S3Server, bucket: str) -> None:
    boto3.client("s3", endpoint_url=s3.endpoint).put_object(
        Bucket=bucket, Key="a", Body=b"foreign", ChecksumAlgorithm="SHA256"
    )
    info = open_store(f"s3://{bucket}").head("a")
    assert info is not None
    assert info.sha256 == hashlib.sha256(b"foreign").hexdigest()


def test_an_object_without_a_digest_has_none(s3: S3Server, bucket: str) -> None:
    boto3.client("s3", endpoint_url=s3.endpoint).put_object(Bucket=bucket, Key="a", Body=b"x")
    info = open_store(f"s3://{bucket}").head("a")
    assert info is not None
    assert info.sha256 is None


def test_a_listing_may_have_more_than_one_page(bucket: str) -> None:
    store = open_store(f"s3://{bucket}")
    wanted = [f"a/{number:05d}" for number in range(1005)]
    for key in wanted:
        put(store, key)
    assert keys(store, "a/") == wanted
    assert keys(store, "a/", wanted[1000]) == wanted[1001:]


def test_an_object_above_five_gibibytes_is_refused_before_it_is_sent(
    bucket: str, tmp_path: Path
) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(MAX_PUT_BYTES + 1)
    with pytest.raises(InvalidInputError, match="5 GiB"):
        open_store(f"s3://{bucket}").put_new("a", tmp_path / "large", sha256="0" * 64)


def test_a_missing_local_file_is_a_storage_error(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read the local file"):
        open_store(f"s3://{bucket}").put_new("a", tmp_path / "gone", sha256="0" * 64)


@pytest.mark.parametrize("how", ["setting", "environment"])
def test_without_checksums_the_digest_is_still_kept(
    s3: S3Server, bucket: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "environment":
        monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    store = open_store(f"s3://{bucket}", checksums="when_required" if how == "setting" else "auto")
    assert put(store, "a", b"body")
    info = store.head("a")
    assert info is not None
    assert info.sha256 == hashlib.sha256(b"body").hexdigest()
    answer = boto3.client("s3", endpoint_url=s3.endpoint).head_object(
        Bucket=bucket, Key="a", ChecksumMode="ENABLED"
    )
    assert "ChecksumSHA256" not in answer


def test_an_object_named_like_the_prefix_is_not_listed(s3: S3Server, bucket: str) -> None:
    boto3.client("s3", endpoint_url=s3.endpoint).put_object(Bucket=bucket, Key="p/", Body=b"")
    store = open_store(f"s3://{bucket}/p")
    put(store, "a")
    assert keys(store) == ["a"]


def test_a_missing_object_is_named(bucket: str) -> None:
    with pytest.raises(ObjectNotFoundError, match="zzz"):
        open_store(f"s3://{bucket}").get("zzz")
