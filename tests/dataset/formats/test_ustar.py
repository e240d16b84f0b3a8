"""The tar writer, against the standard library's reader and writer."""

import hashlib
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.dataset.formats.ustar import MAX_SIZE, TarWriter, header
from vrdata.errors import InvalidInputError

PART = st.text("abcXYZ019_-.", min_size=1, max_size=60).filter(lambda name: set(name) != {"."})


def archive(files: list[tuple[str, bytes]]) -> tuple[bytes, list[tuple[int, str]]]:
    stream = io.BytesIO()
    writer = TarWriter(stream)
    places = [writer.add(name, [body], len(body)) for name, body in files]
    writer.close()
    return stream.getvalue(), places


@given(st.lists(st.tuples(PART, st.binary(max_size=1500)), max_size=6))
def test_the_bytes_equal_the_standard_librarys_ustar(files: list[tuple[str, bytes]]) -> None:
    reference = io.BytesIO()
    with tarfile.open(fileobj=reference, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, body in files:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    written, _ = archive(files)
    # The standard library also fills the last record of 20 blocks, which ustar does not demand.
    assert reference.getvalue().rstrip(b"\0") == written.rstrip(b"\0")
    assert written.endswith(bytes(1024))


@given(st.lists(st.tuples(PART, st.binary(max_size=1500)), max_size=6))
def test_offset_and_digest_are_those_of_the_content(files: list[tuple[str, bytes]]) -> None:
    written, places = archive(files)
    for (_, body), (offset, digest) in zip(files, places, strict=True):
        assert written[offset : offset + len(body)] == body
        assert digest == hashlib.sha256(body).hexdigest()


@given(st.lists(PART, min_size=2, max_size=6).map("/".join))
def test_a_long_name_is_split_at_a_slash_and_reads_back_whole(name: str) -> None:
    written, _ = archive([(name, b"x")])
    with tarfile.open(fileobj=io.BytesIO(written)) as tar:
        assert tar.getnames() == [name]


LONG = ["n" * 101, "p" * 156 + "/n", "p/" + "n" * 101, "n" * 2000]
# Lengths at which the number of digits of the record's own length changes.
LONG += ["n" * length for length in (989, 990, 991, 992, 993)]


@pytest.mark.parametrize("name", LONG)
def test_a_name_that_ustar_cannot_hold_has_the_extended_header_of_the_standard_library(
    name: str,
) -> None:
    body = b"some content"
    reference = io.BytesIO()
    with tarfile.open(fileobj=reference, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(name)
        info.size = len(body)
        tar.addfile(info, io.BytesIO(body))
    written, ((offset, _),) = archive([(name, body)])
    assert reference.getvalue().rstrip(b"\0") == written.rstrip(b"\0")
    assert written[offset : offset + len(body)] == body


@pytest.mark.parametrize("name", [*LONG, "ü" * 51])
def test_long_and_short_names_are_read_back_with_their_offsets(name: str) -> None:
    files = [("a", b"1"), (name, b"2" * 700), ("b", b"3")]
    written, places = archive(files)
    with tarfile.open(fileobj=io.BytesIO(written)) as tar:
        assert [(each.name, each.offset_data) for each in tar] == [
            (name, offset) for (name, _), (offset, _) in zip(files, places, strict=True)
        ]


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no tar command")
def test_the_tar_command_reads_long_names(tmp_path: Path) -> None:
    written, _ = archive([("n" * 200, b"body"), ("short", b"x")])
    (tmp_path / "a.tar").write_bytes(written)
    subprocess.run(["tar", "-xf", "a.tar"], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / ("n" * 200)).read_bytes() == b"body"
    assert (tmp_path / "short").read_bytes() == b"x"


def test_names_of_the_largest_sizes_fit() -> None:
    for name in ("n" * 100, "p" * 155 + "/" + "n" * 100):
        with tarfile.open(fileobj=io.BytesIO(header(name, 0) + bytes(1024))) as tar:
            assert tar.getnames() == [name]


def test_a_file_that_is_too_large_for_a_tar_is_refused() -> None:
    header("n", MAX_SIZE)
    with pytest.raises(InvalidInputError, match="a file in a tar archive has at most"):
        header("n", MAX_SIZE + 1)


def test_content_of_another_size_is_an_error() -> None:
    with pytest.raises(ValueError, match="3 bytes instead of 4"):
        TarWriter(io.BytesIO()).add("n", [b"abc"], 4)
