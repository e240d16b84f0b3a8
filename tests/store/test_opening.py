"""URLs of stores, and the errors for wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata.api.metadata import MAX_RUN_NAME
from vrdata.api.selection import INDEX_LIMIT
from vrdata.contract.worker import StoreSettings
from vrdata.dataset import layout
from vrdata.errors import UsageError
from vrdata.store.keys import MAX_KEY_BYTES, key_problem
from vrdata.store.opening import MAX_ROOT_BYTES, open_settings, open_store
from vrdata.store.port import StoreAccessError


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("/data/out", "/data/out"),
        ("file:///data/out/", "/data/out"),
        ("file://localhost/data/out", "/data/out"),
        ("file:///with%20space", "/with space"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
    ],
)
def test_a_valid_url_opens_a_store(written: str, url: str) -> None:
    assert open_store(written).url == url


def test_a_relative_folder_is_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_store("out").url == str(tmp_path / "out")


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("", "s3://bucket/prefix"),
        ("gs://bucket/x", "s3://bucket/prefix, with --endpoint"),
        ("s3a://bucket", "s3://bucket/prefix, with --endpoint"),
        ("S3://bucket", "s3://bucket/prefix"),
        ("s3:/bucket/x", "s3://bucket/prefix"),
        ("s3://", "s3://bucket/prefix"),
        ("s3:///prefix", "s3://bucket/prefix"),
        ("fiel:///x", "file:///folder"),
        ("file://data/out", "three slashes"),
        ("https://example.org/x", "a folder"),
    ],
)
def test_the_error_for_an_invalid_url_suggests_a_valid_form(written: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(written)
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("s3://key:PLANTED@bucket/x", ""),
        ("s3://bucket", "http://key:PLANTED@host:9000"),
        ("s3://bucket", "key:PLANTED@host:9000"),
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str, endpoint: str) -> None:
    with pytest.raises(UsageError, match="password") as caught:
        open_store(url, endpoint=endpoint)
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("value", ["http://key:PLANTED@127.0.0.1:1", "PLANTED no url"])
def test_a_bad_endpoint_in_the_environment_is_refused_and_not_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", value)
    with pytest.raises(UsageError) as caught:
        open_store("s3://bucket")
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["localhost:9000", "http://", "ftp://host", "http://host:port", "http://[::1"]
)
def test_an_invalid_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(UsageError, match="URL of a server"):
        open_store("s3://bucket", endpoint=endpoint)


def test_an_unknown_aws_profile_is_an_access_error() -> None:
    with pytest.raises(StoreAccessError, match="nobody"):
        open_store("s3://bucket", profile="nobody")


def test_an_unknown_checksum_mode_is_refused() -> None:
    with pytest.raises(UsageError, match="md5"):
        open_store("s3://bucket", checksums="md5")


def test_the_longest_key_of_a_run_below_the_longest_prefix_fits_s3() -> None:
    run = layout.run_prefix("n" * 63, "r" * MAX_RUN_NAME, "p" * 200)
    folder = layout.sample_folder("G" * 100, "d" * 100, INDEX_LIMIT - 1)
    name = f"{'n' * 64}.{'a' * 16}.{'b' * 16}.json.txt"
    key = f"{run}{layout.QUESTIONS}{folder}/{name}"
    assert key_problem(key) == ""
    assert MAX_ROOT_BYTES + 1 + len(key) <= MAX_KEY_BYTES


def test_a_prefix_that_leaves_no_room_for_the_keys_of_a_run_is_refused() -> None:
    longest = f"s3://bucket/{'p/' * (MAX_ROOT_BYTES // 2)}"
    assert open_settings(StoreSettings(url=longest)).url.startswith("s3://bucket/p/")
    with pytest.raises(UsageError, match="has 258 bytes") as error:
        open_settings(StoreSettings(url=f"{longest}pp/"))
    assert "at most 256 bytes" in error.value.fix
