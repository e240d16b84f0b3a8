"""The tar writer, against the standard library's reader and writer."""

import hashlib
import io
import tarfile

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


@pytest.mark.parametrize("name", ["n" * 101, "p" * 156 + "/n", "p/" + "n" * 101, "p" * 120 + "/"])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="does not fit a tar archive"):
        header(name, 0)


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
