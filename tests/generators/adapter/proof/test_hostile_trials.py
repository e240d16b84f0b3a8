"""A trial of a hostile generator reads and copies no file of the user."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import pytest

from support.generators.probe import SOCKET
from support.generators.repositories import write_repository
from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Flags
from vrdata_generators.adapter.proof.results import pixel_digest, sample_of
from vrdata_generators.adapter.proof.trial import run_trial
from vrdata_worker.child import events
from vrdata_worker.child.launch import Launch

PLANTED = b"planted secret"
NAMES = ("metadata.json", "prompt.txt")


def sample(*files: events.File) -> events.Sample:
    return events.Sample(0, 0, Path("/missing"), "x_00000000", "x", files, None, "", "")


def file(name: str, body: bytes) -> events.File:
    return events.File(name, len(body), hashlib.sha256(body).hexdigest())


def test_a_link_in_place_of_a_sample_is_not_copied(tmp_path: Path) -> None:
    user = tmp_path / "user" / "000000"
    user.mkdir(parents=True)
    (user / "first_frame.png").write_bytes(PLANTED)
    plant = (
        f"{SOCKET}\nos.symlink({str(user.parent)!r}, f'{{BLOCK}}/done')\n"
        f"for one in FILES: one['size'] = {len(PLANTED)}\n"
        "sample(0)\n"
    )
    root = write_repository(tmp_path / "generator", {"examples/generate.py": plant})
    flags = Flags(samples="--num-samples", output="--output", seed="--seed")
    launch = Launch(name="O-x", kind="repository", root=str(root), mode="bare", flags=flags)
    keep = tmp_path / "keep"
    keep.mkdir()
    with pytest.raises(FileChangedError):
        run_trial(launch, seed=1, count=1, want=1, keep=keep)
    assert list(keep.iterdir()) == []
    assert (user / "first_frame.png").read_bytes() == PLANTED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b'{"generator_metadata": 7}',
        b'{"generator_metadata": "[1]"}',
        b'{"generator_metadata": "' + b"[" * 100_000 + b'"}',
        b"\xff",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_metadata_that_vrdata_did_not_write_names_no_difference(
    body: bytes, tmp_path: Path
) -> None:
    (tmp_path / "metadata.json").write_bytes(body)
    assert sample_of(sample(file("metadata.json", body)), tmp_path).fields == {}


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_bytes(b"{}")
    with pytest.raises(FileChangedError):
        sample_of(sample(events.File("metadata.json", 1, "")), tmp_path)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize(
    "chunks",
    [
        b"",
        chunk(b"IHDR", b""),
        chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"acTL", b"\0"),
        chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)),
        chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"no zlib"),
    ],
    ids=["nothing", "a short header", "a short animation", "a huge image", "no pixels"],
)
def test_an_undecodable_image_is_one_clear_error(chunks: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"x\.png"):
        pixel_digest("x.png", b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b""))
