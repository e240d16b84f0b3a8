"""An archive is unpacked once, in a sandbox; a harmful one is refused and leaves nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.polling import wait_until
from support.sources.fake import FakeSource
from support.sources.places import Bench, begin
from vrdata.contract.reasons import FailureReason
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.whole import unpacking

MIB = 2**20
FILES = {"data/a.png": b"picture a", "data/deep/b.png": b"picture b", "labels.csv": b"a,1\n"}
Entry = tuple[str, bytes] | tarfile.TarInfo | zipfile.ZipInfo


def packed(*entries: Entry) -> bytes:
    """A zip archive."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            if isinstance(entry, zipfile.ZipInfo):
                archive.writestr(entry, b"content")
            elif not isinstance(entry, tarfile.TarInfo):
                archive.writestr(*entry)
    return body.getvalue()


def tarred(*entries: Entry) -> bytes:
    """A tar archive."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            elif not isinstance(entry, zipfile.ZipInfo):
                member = tarfile.TarInfo(entry[0])
                member.size = len(entry[1])
                archive.addfile(member, io.BytesIO(entry[1]))
    return body.getvalue()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "shared", tmp_path, fields={"unpack": True})
    yield made
    made.close()


def staged(bench: Bench, body: bytes) -> Path:
    """The only folder that is staged of an archive."""
    bench.source = FakeSource({"folder/raw.archive": body})
    shard = begin(bench.worker())
    wait_until(lambda: shard.is_ready(0), "the files", 60)
    (folder,) = (bench.shared / "trees/M-scans").iterdir()
    return folder


def refused(bench: Bench, body: bytes) -> str:
    """Why an archive is not unpacked."""
    with pytest.raises(ShardFailedError) as caught:
        staged(bench, body)
    assert list((bench.shared / "trees/M-scans").iterdir()) == []
    assert list((bench.shared / "new").iterdir()) == []
    assert caught.value.failure.reason is FailureReason.INVALID_SOURCE
    message = caught.value.failure.message
    assert message.startswith("raw.archive of data/raw cannot be unpacked: ")
    assert "fix: unpack it yourself" in message
    return message


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "pack",
    [
        packed,
        tarred,
        lambda *found: gzip.compress(tarred(*found)),
        lambda *found: bz2.compress(tarred(*found)),
        lambda *found: lzma.compress(tarred(*found)),
    ],
    ids=["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"],
)
def test_files_of_an_archive_are_staged_read_only_and_the_archive_is_not_kept(
    bench: Bench, pack: Callable[..., bytes]
) -> None:
    folder = staged(bench, pack(*FILES.items()))
    assert contents(folder) == FILES
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {0o444, 0o555}


def test_a_block_is_told_that_a_place_has_the_files_of_an_archive(
    bench: Bench, tmp_path: Path
) -> None:
    bench.source = FakeSource({"raw.zip": packed(*FILES.items())})
    shard = begin(bench.worker())
    wait_until(lambda: shard.is_ready(0), "the files", 60)
    (tmp_path / "block").mkdir()
    shard.write(0, tmp_path / "block")
    (entry,) = json.loads((tmp_path / "block/sources.json").read_bytes())
    assert (entry["place"], entry["unpacked"]) == ("raw", True)


def test_an_archive_needs_twice_the_space_before_anything_is_fetched(bench: Bench) -> None:
    body = packed(*FILES.items())
    bench.limit = len(body) + 4096 + 1  # room for the archive alone
    bench.source = FakeSource({"raw.zip": body})
    shard = begin(bench.worker())
    with pytest.raises(ShardFailedError) as caught:
        wait_until(lambda: shard.is_ready(0), "a refusal", 60)
    assert caught.value.failure.reason is FailureReason.TOO_LARGE
    assert bench.source.fetched == []


def of_kind(kind: bytes, name: str = "it", target: str = "/etc/passwd") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def link_in_zip() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def encrypted() -> bytes:
    body = bytearray(packed(("a", b"x")))
    for start, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(start) + at] |= 1
    return bytes(body)


A = ("a", b"x")
BOMB = ("zeros", bytes(200 * MIB))
TRAPS = {
    "leads out": packed(A, ("../out", b"x")),
    "out of the archive's folder": tarred(A, ("a/../../out", b"x")),
    "'/etc/cron' leads": packed(A, ("/etc/cron", b"x")),
    "'/tmp/x' leads": tarred(A, ("/tmp/x", b"x")),
    "'link' is a link": packed(A, link_in_zip()),
    "'it' is a link": tarred(A, of_kind(tarfile.SYMTYPE)),
    "'inside' is a link": tarred(A, of_kind(tarfile.LNKTYPE, "inside", "a")),
    "'it' is a link, a device": tarred(A, of_kind(tarfile.CHRTYPE)),
    "a device or a": tarred(A, of_kind(tarfile.FIFOTYPE)),
    "'a' occurs twice": tarred(A, A),
    "'B' and 'b' differ": packed(("B", b"x"), ("b", b"x")),
    "'D' and 'd' differ": tarred(("D/1", b"x"), ("d/2", b"x")),
    "is a file and a folder": tarred(A, ("a/b", b"x")),
    "is encrypted": encrypted(),
    "1000 times as large": bz2.compress(tarred(BOMB)),
    "a backslash": packed(("dir\\file", b"x")),
    "a control character": tarred(("a\nb", b"x")),
    "is too long": tarred(("x" * 300, b"x")),
    "vrdata's own files": packed((".vrdata-tmp/x", b"x")),
    "it is a RAR archive": b"Rar!\x1a\x07\x01\x00" + bytes(600),
    "it is a 7-Zip archive": b"7z\xbc\xaf\x27\x1c" + bytes(600),
    "it is a Zstandard archive": b"\x28\xb5\x2f\xfd" + bytes(600),
    "neither a zip nor a tar": b"no archive" * 100,
    "it is damaged": packed(*FILES.items())[:-30],
    "damaged: ": gzip.compress(tarred(*FILES.items()))[:-20],
}


@pytest.mark.parametrize("why", TRAPS)
def test_a_harmful_archive_is_refused_with_the_reason(
    bench: Bench, why: str, tmp_path: Path
) -> None:
    assert why in refused(bench, TRAPS[why])
    assert not (tmp_path / "out").exists()


def test_an_archive_with_more_than_the_scratch_space_is_refused(bench: Bench) -> None:
    bench.limit = MIB
    body = packed(("zeros", bytes(2 * MIB)))
    assert "bytes of scratch space" in refused(bench, body)


def test_a_large_number_of_files_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_FILES", 10)
    body = packed(*((str(number), b"") for number in range(11)))
    assert "more than 10 files" in refused(bench, body)


def test_an_archive_that_takes_too_long_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "START_SECONDS", -1000.0)
    assert "takes too long" in refused(bench, packed(A))


def test_a_program_that_is_taken_over_cannot_leave_links(tmp_path: Path) -> None:
    (tmp_path / "folder/deep").mkdir(parents=True)
    (tmp_path / "folder/deep/link").symlink_to("/etc/passwd")
    with pytest.raises(ShardFailedError, match="'link' is not a regular file"):
        unpacking.close(tmp_path / "folder", "raw.zip")
