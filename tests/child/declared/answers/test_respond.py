"""Answers to requests of S3, the Hub and plain servers, as values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vrdata_child.declared.answers.http import Answer, request
from vrdata_child.declared.answers.respond import respond
from vrdata_child.declared.pieces import Piece, opened
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.sources import Declared


@pytest.fixture
def declared(declare: Callable[..., Any]) -> Declared:
    found: Declared = declare(
        ({"x y+\u00e9.txt": b"0123456789", "sub/z": b""}, "s3://b.c/a/", "hf://org/name"),
        ({"f.zip": b"zip"}, "https://data.example/f.zip?v=1"),
        ({"g": b"g"}, "https://data.example/g/"),
    )
    return found


def get(declared: Declared, url: str, method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(declared, request(method, url, named))


def body(answer: Answer) -> bytes:
    return opened(answer.body).read() if isinstance(answer.body, Piece) else answer.body


KEY = "a/x%20y%2B%C3%A9.txt"


@pytest.mark.parametrize(
    "url",
    [
        f"https://b.c.s3.amazonaws.com/{KEY}",
        f"https://b.c.s3.us-east-2.amazonaws.com/{KEY}",
        f"http://b.c.s3-eu-west-1.amazonaws.com/{KEY}?versionId=1",
        f"https://b.c.s3.dualstack.us-east-2.amazonaws.com/{KEY}",
        f"https://s3.amazonaws.com/b.c/{KEY}",
        f"https://s3.eu-central-1.amazonaws.com/b.c/{KEY}",
    ],
)
def test_each_style_of_urls_of_s3_is_answered(url: str, declared: Declared) -> None:
    assert body(get(declared, url)) == b"0123456789"


def test_a_signed_request_to_another_host_is_one_to_s3(declared: Declared) -> None:
    signed = "AWS4-HMAC-SHA256 Credential=x/20200101/auto/s3/aws4_request, …"
    answer = get(declared, f"http://minio.example:9000/b.c/{KEY}", authorization=signed)
    assert body(answer) == b"0123456789"


@pytest.mark.parametrize(
    ("wanted", "status", "expected", "shown"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
    ],
)
def test_a_range_is_answered(
    wanted: str, status: int, expected: bytes, shown: str | None, declared: Declared
) -> None:
    answer = get(declared, f"https://b.c.s3.amazonaws.com/{KEY}", range=wanted)
    assert (answer.status, body(answer)) == (status, expected)
    assert answer.headers["Content-Length"] == str(len(expected))
    assert answer.headers.get("Content-Range") == shown


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=50-60", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(wanted: str, declared: Declared) -> None:
    answer = get(declared, f"https://b.c.s3.amazonaws.com/{KEY}", range=wanted)
    assert answer.status == 416
    assert b"InvalidRange" in body(answer)


def test_a_head_has_the_length_and_no_body(declared: Declared) -> None:
    answer = get(declared, f"https://b.c.s3.amazonaws.com/{KEY}", "HEAD")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "10", b"")
    tag = answer.headers["ETag"]
    again = get(declared, f"https://b.c.s3.amazonaws.com/{KEY}", if_none_match=tag)
    assert again.status == 304
    other = get(declared, f"https://b.c.s3.amazonaws.com/{KEY}", if_match='"other"')
    assert other.status == 412


def test_a_missing_key_is_404_with_the_code_of_s3(declared: Declared) -> None:
    answer = get(declared, "https://b.c.s3.amazonaws.com/a/none")
    assert answer.status == 404
    assert b"<Code>NoSuchKey</Code>" in body(answer)
    assert get(declared, "https://b.c.s3.amazonaws.com/a/../a/sub/z").status == 404


def test_a_plain_url_is_answered_with_its_query_or_without(declared: Declared) -> None:
    assert body(get(declared, "https://data.example/f.zip?v=1")) == b"zip"
    assert body(get(declared, "https://data.example/g/g?token=1")) == b"g"
    assert get(declared, "https://data.example/g/h").status == 404


@pytest.mark.parametrize(
    ("serves", "url"),
    [
        ("https://data.example/v1/", "https://data.example/v1/raw.zip"),
        ("https://data.example/download", "https://data.example/download"),
        ("s3://b/v1/", "https://b.s3.amazonaws.com/v1/raw.tar.gz"),
        ("hf://org/name", "https://huggingface.co/datasets/org/name/resolve/main/raw.zip"),
    ],
)
def test_an_archive_that_was_unpacked_is_refused_and_the_message_says_where_its_files_are(
    serves: str, url: str, declare: Callable[..., Declared]
) -> None:
    (source,) = declare(({"a.png": b"a"}, serves)).sources
    unpacked = Declared((replace(source, place="raw", unpacked=True),), Path())
    with pytest.raises(RefusedError, match="`unpack: true`: read its files in raw"):
        get(unpacked, url)
    if serves.endswith("/"):
        beside = url.rpartition("/")[0]
        assert body(get(unpacked, f"{beside}/a.png")) == b"a"
        assert get(unpacked, f"{beside}/b.nii.gz").status == 404


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "https://other.s3.amazonaws.com/x", "s3://other/x is not a declared source"),
        ("GET", "https://b.c.s3.amazonaws.com/ab/x", "s3://b.c/ab/x is not a declared source"),
        ("GET", "https://b.c.s3.amazonaws.com/?list-type=2", "s3://b.c/ is not a declared source"),
        ("GET", "https://s3.amazonaws.com/", "(the list of all buckets) is not a declared source"),
        ("PUT", f"https://b.c.s3.amazonaws.com/{KEY}", "uploads are refused: PUT s3://b.c/a/x y"),
        ("POST", "https://b.c.s3.amazonaws.com/a/x?uploads", "uploads are refused: POST s3://b.c"),
        ("DELETE", "https://b.c.s3.amazonaws.com/a/x", "deletions are refused: DELETE s3://b.c"),
        ("GET", f"https://b.c.s3.amazonaws.com/{KEY}?acl", "do not answer GET s3://b.c/a/x y"),
        ("GET", "http://169.254.169.254/latest/meta-data/", "the metadata of the machine is"),
        ("PUT", "http://169.254.169.254/latest/api/token", "the metadata of the machine is"),
        ("GET", "http://metadata.google.internal/x", "the metadata of the machine is refused"),
        ("GET", "https://data.example/f.zip?v=2", "https://data.example/f.zip?v=2 is not a decl"),
        ("GET", "https://data.example.evil/g/g", "https://data.example.evil/g/g is not a declare"),
        ("POST", "https://data.example/g/g", "uploads are refused: POST https://data.example/g/g"),
        ("GET", "https://huggingface.co/api/datasets/org/nam", "hf://org/nam is not a declared"),
        ("GET", "https://huggingface.co/api/datasets/org", "hf://org is not a declared source"),
        ("GET", "https://huggingface.co/org/name/resolve/main/x", "hf://org/name/resolve/main/x"),
        ("POST", "https://huggingface.co/api/datasets/org/name/commit/main", "uploads are refused"),
    ],
)
def test_everything_else_is_refused_by_name(
    method: str, url: str, expected: str, declared: Declared
) -> None:
    with pytest.raises(RefusedError) as refused:
        get(declared, url, method)
    assert expected in str(refused.value)
    assert refused.value.what


def test_the_tree_of_a_repository_has_its_folders(declared: Declared) -> None:
    answer = get(declared, "https://huggingface.co/api/datasets/org/name/tree/main?recursive=true")
    found = {one["path"]: one["type"] for one in json.loads(body(answer))}
    assert found == {"sub": "directory", "sub/z": "file", "x y+\u00e9.txt": "file"}
    top = get(declared, "https://huggingface.co/api/datasets/org/name/tree/main")
    assert [one["path"] for one in json.loads(body(top))] == ["sub", "x y+\u00e9.txt"]
    inner = get(declared, "https://huggingface.co/api/datasets/org/name/tree/main/sub")
    assert [one["path"] for one in json.loads(body(inner))] == ["sub/z"]
    assert get(declared, "https://huggingface.co/api/datasets/org/name/tree/main/no").status == 404


def test_a_commit_is_the_one_that_was_asked_for(declared: Declared) -> None:
    commit = "0123456789" * 4
    url = f"https://huggingface.co/datasets/org/name/resolve/{commit}/sub/z"
    assert get(declared, url, "HEAD").headers["X-Repo-Commit"] == commit
    missing = get(declared, f"https://huggingface.co/datasets/org/name/resolve/{commit}/no")
    assert (missing.status, missing.headers["X-Error-Code"]) == (404, "EntryNotFound")
