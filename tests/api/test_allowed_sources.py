"""Which sources a profile allows: no URL passes that another reader would read otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vrdata.api.profile import Sources
from vrdata.api.source import is_allowed, is_remote


@pytest.mark.parametrize(
    ("prefix", "url"),
    [
        ("hf://org/name", "hf://org/name"),
        ("hf://org/name", "hf://org/name/"),
        ("hf://org/name", "hf://org/name/data"),
        ("hf://org/name/", "hf://org/name"),
        ("hf://org/", "hf://org/name"),
        ("hf://org", "hf://org/name"),
        ("hf://", "hf://org/name"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket", "s3://bucket/raw/"),
        ("s3://bucket/raw", "s3://bucket/raw/year=2024/a.parquet"),
        ("s3://bucket/raw", "s3://bucket/raw/*.parquet"),
    ],
)
def test_a_prefix_allows_itself_and_what_is_below_it(prefix: str, url: str) -> None:
    assert is_allowed(url, ["s3://other", prefix])


@pytest.mark.parametrize(
    ("prefix", "url"),
    [
        ("hf://org/na", "hf://org/name-evil"),
        ("hf://org/name", "hf://org"),
        ("hf://org/name", "hf://org/Name"),
        ("hf://org/", "HF://org/name"),
        ("hf://org/", "hf:/org/name"),
        ("hf://org/", "hf:///org/name"),
        ("hf://org/", "hf://org//name"),
        ("hf://org/", "hf://organisation/name"),
        ("hf://org/", "hf://org/../other/name"),
        ("hf://org/", "hf://org/./name"),
        ("hf://org/", "hf://org/%2e%2e/other/name"),
        ("hf://org/", "hf://org/..%2fother"),
        ("hf://org/", "hf://org\\..\\other"),
        ("hf://org/", "hf://org/name?revision=x"),
        ("hf://org/", "hf://org/name#x"),
        ("hf://org/", "hf://org/name@main"),
        ("hf://org/", "hf://org/na me"),
        ("hf://org/", "hf://org/name\n"),
        ("hf://org/", "hf://org/name\x00"),
        ("hf://org/", "hf://user@org/name"),
        ("hf://org/", " hf://org/name"),
        ("hf://", "hf://../secret"),
        ("hf://", "s3://bucket"),
        ("hf://", "hfx://org/name"),
        ("s3://bucket", "s3://bucketX"),
        ("s3://bucket", "s3://bucket-evil/raw"),
        ("s3://bucket", "s3://BUCKET"),
        ("s3://bucket", "s3://evil@bucket"),
        ("s3://bucket", "s3://bucket:80/raw"),
        ("s3://bucket/raw", "s3://bucket/raw-secret"),
        ("s3://bucket/raw", "s3://bucket/raw/../secret"),
        ("s3://bucket/raw", "s3://bucket//raw"),
    ],
)
def test_a_prefix_allows_nothing_else(prefix: str, url: str) -> None:
    assert not is_allowed(url, [prefix])


@pytest.mark.parametrize(
    "url",
    [
        *("data", "./data", "../data", "/data", "~/data", "data.parquet", "file:///data"),
        *("FILE:///data", "file://localhost/data", "https://host/data", "ftp://host/data"),
        *("hf:data", "s3:data", "", "//bucket/raw", "gs://bucket/raw", "S3://bucket"),
    ],
)
def test_a_file_or_another_scheme_is_never_allowed(url: str) -> None:
    everything = ["hf://", "s3://", url, "file://", "/", ""]
    assert not is_remote(url)
    assert not is_allowed(url, everything)


@pytest.mark.parametrize(
    "prefix",
    [
        *("", "/", "file://", "file:///data", "data", "hf:", "hf:/org", "hf:///org", "HF://org"),
        *("hf://org//name", "hf://../x", "hf://org/..", "hf://org/*", "s3://bucket/%2e", "s3:// b"),
        *("s3://user@bucket", "https://host/", "s3://bucket\\raw", "hf://org?x", "hf://org\n"),
    ],
)
def test_an_invalid_prefix_is_refused_in_the_profile(prefix: str) -> None:
    with pytest.raises(ValidationError):
        Sources(allowed=(prefix,))


@given(st.text(alphabet="ab/.%@:s3hf\\*?# ", max_size=24), st.text("ab-", min_size=1, max_size=4))
def test_what_is_allowed_begins_with_the_prefix_and_a_border(rest: str, name: str) -> None:
    prefix = f"s3://{name}/raw"
    url = f"s3://{rest}"
    if is_allowed(url, [prefix]):
        assert url == prefix or url.startswith(f"{prefix}/")
        assert ".." not in url.split("/")


def test_nothing_is_allowed_by_default() -> None:
    assert Sources().allowed == ()
    assert not is_allowed("hf://org/name", Sources().allowed)
