"""Staged files are compared with the pinned ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vrdata.sources.port import Part, PartFile, PartFormat
from vrdata_worker.staging.checks import close, difference

BODY = b"0123456789"
SHA256 = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
GIT = f"git:{hashlib.sha1(b'blob 10' + bytes(1) + BODY).hexdigest()}"  # noqa: S324 - as git does
RANGES = f"ranges:{hashlib.sha256(b'1267').hexdigest()}"
TWO = ((1, 3), (6, 8))


def found(folder: Path, body: bytes, file: PartFile, form: PartFormat = "files") -> str:
    (folder / file.name).write_bytes(body)
    return difference(folder, Part(0, 1, (file,), form))


@pytest.mark.parametrize("digest", ["", "etag:abc", SHA256, GIT])
def test_the_pinned_bytes_do_not_differ(tmp_path: Path, digest: str) -> None:
    assert found(tmp_path, BODY, PartFile("a", 10, digest)) == ""


@pytest.mark.parametrize("digest", [SHA256, GIT])
def test_another_byte_is_found(tmp_path: Path, digest: str) -> None:
    assert "a has the digest" in found(tmp_path, b"0123456780", PartFile("a", 10, digest))


@pytest.mark.parametrize("digest", ["", "etag:abc", SHA256, GIT])
def test_another_size_is_found(tmp_path: Path, digest: str) -> None:
    expected = "a has 9 bytes instead of 10"
    assert found(tmp_path, BODY[:9], PartFile("a", 10, digest)) == expected


def test_a_parquet_file_has_its_ranges_in_place(tmp_path: Path) -> None:
    file = PartFile("a", 10, RANGES, TWO)
    sparse = b"\0" + b"12" + bytes(3) + b"67" + bytes(2)
    assert found(tmp_path, sparse, file, "parquet") == ""
    assert found(tmp_path, sparse[:8], file, "parquet") == "a has 8 bytes instead of 10"
    assert "a has the digest" in found(tmp_path, BODY[::-1], file, "parquet")


def test_the_ranges_of_other_tables_follow_each_other(tmp_path: Path) -> None:
    file = PartFile("a", 10, RANGES, TWO)
    assert found(tmp_path, b"1267", file, "csv") == ""
    assert "a has the digest" in found(tmp_path, b"1268", file, "csv")
    assert found(tmp_path, BODY, file, "csv") == "a has 10 bytes instead of 4"


def test_a_digest_of_the_whole_file_says_nothing_about_ranges(tmp_path: Path) -> None:
    assert found(tmp_path, bytes(10), PartFile("a", 10, SHA256, TWO), "parquet") == ""


def test_a_missing_file_and_a_link_are_found(tmp_path: Path) -> None:
    part = Part(0, 1, (PartFile("a", 10),))
    assert difference(tmp_path, part) == "a is missing"
    (tmp_path / "a").symlink_to("/etc/passwd")
    assert difference(tmp_path, part) == "a is not a regular file"


def test_staged_files_are_read_only(tmp_path: Path) -> None:
    (tmp_path / "part/inner").mkdir(parents=True)
    (tmp_path / "part/inner/a").write_bytes(BODY)
    close(tmp_path / "part")
    modes = [path.stat().st_mode & 0o777 for path in sorted((tmp_path / "part").rglob("*"))]
    assert modes == [0o555, 0o444]
