"""PNG images to any target: what is redirected with acceleration, and what without."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vrdata_child.encoders import png

PICTURE = Image.linear_gradient("L").resize((64, 48)).convert("RGB").rotate(30)
STREAM = png.image_stream(PICTURE.im, "RGB")


def to_path(folder: Path) -> bytes:
    PICTURE.save(folder / "a.png")
    return (folder / "a.png").read_bytes()


def to_text_path(folder: Path) -> bytes:
    PICTURE.save(str(folder / "a.PNG"), dpi=(100, 100))
    return (folder / "a.PNG").read_bytes()


def to_open_file(folder: Path) -> bytes:
    with (folder / "a.dat").open("w+b") as file:
        PICTURE.save(file, "PNG")
    return (folder / "a.dat").read_bytes()


def to_unbuffered_file(folder: Path) -> bytes:
    with (folder / "a.dat").open("wb", buffering=0) as file:
        PICTURE.save(file, "PNG")
    return (folder / "a.dat").read_bytes()


def to_named_temporary_file(folder: Path) -> bytes:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".png") as file:
        PICTURE.save(file)
        return Path(file.name).read_bytes()


def to_another_program(_: Path) -> bytes:
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        PICTURE.save(program.stdin, "PNG")
        program.stdin.close()
        return program.stdout.read()


def to_standard_output(folder: Path) -> bytes:
    kept = sys.stdout
    with (folder / "out").open("wb") as file:
        sys.stdout = io.TextIOWrapper(file)
        try:
            PICTURE.save(sys.stdout.buffer, "PNG")
            sys.stdout.flush()
        finally:
            sys.stdout.detach()
            sys.stdout = kept
    return (folder / "out").read_bytes()


def to_memory(_: Path) -> bytes:
    body = io.BytesIO()
    PICTURE.save(body, format="png")
    return body.getvalue()


def to_named_memory(_: Path) -> bytes:
    body = io.BytesIO()
    body.name = "a.png"
    PICTURE.save(body)
    return body.getvalue()


def to_spooled_file(_: Path) -> bytes:
    with tempfile.SpooledTemporaryFile() as file:
        PICTURE.save(file, "PNG")
        assert not file._rolled  # type: ignore[attr-defined]
        file.seek(0)
        return file.read()


def to_archive(folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive, archive.open("a.png", "w") as member:
        PICTURE.save(member, "PNG")
    return zipfile.ZipFile(folder / "a.zip").read("a.png")


def to_compressed_file(folder: Path) -> bytes:
    with gzip.open(folder / "a.gz", "wb") as file:
        PICTURE.save(file, "PNG")
    return gzip.decompress((folder / "a.gz").read_bytes())


class Sink:
    """Has nothing but what Pillow needs."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)


def to_any_object(_: Path) -> bytes:
    sink = Sink()
    PICTURE.save(sink, "PNG")  # type: ignore[arg-type]
    return b"".join(sink.parts)


def chunks(_: Path) -> bytes:
    return b"".join(data for _, data, _ in PngImagePlugin.getchunks(PICTURE))


FILES: list[Callable[[Path], bytes]] = [
    to_path,
    to_text_path,
    to_open_file,
    to_unbuffered_file,
    to_named_temporary_file,
    to_another_program,
    to_standard_output,
]
MEMORY: list[Callable[[Path], bytes]] = [
    to_memory,
    to_named_memory,
    to_spooled_file,
    to_archive,
    to_compressed_file,
    to_any_object,
    chunks,
]


@pytest.mark.usefixtures("redirected")
@pytest.mark.parametrize("save", FILES)
def test_files_are_redirected_without_acceleration(
    tmp_path: Path, save: Callable[[Path], bytes]
) -> None:
    assert STREAM in save(tmp_path)


@pytest.mark.parametrize("save", MEMORY)
def test_memory_has_pillows_bytes_without_acceleration(
    tmp_path: Path, save: Callable[[Path], bytes], request: pytest.FixtureRequest
) -> None:
    expected = save(tmp_path)
    request.getfixturevalue("redirected")
    assert save(tmp_path) == expected
    assert STREAM not in expected


@pytest.mark.usefixtures("redirected_memory")
@pytest.mark.parametrize("save", FILES + MEMORY)
def test_every_target_is_redirected_with_acceleration(
    tmp_path: Path, save: Callable[[Path], bytes]
) -> None:
    assert STREAM in save(tmp_path)


@contextmanager
def opened(body: IO[bytes]) -> Iterator[Image.Image]:
    body.seek(0)
    with Image.open(body) as image:
        yield image


@pytest.mark.usefixtures("redirected_memory")
def test_what_pillow_writes_beside_the_pixels_is_kept() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Software", "Matplotlib")
    params: dict[str, Any] = {"dpi": (100, 100), "pnginfo": texts, "icc_profile": b"profile"}
    body = io.BytesIO()
    PICTURE.save(body, "PNG", **params)
    with opened(body) as image:
        assert image.info["Software"] == "Matplotlib"
        assert image.info["dpi"] == pytest.approx((100, 100), abs=0.01)
        assert image.info["icc_profile"] == b"profile"
        assert np.array_equal(np.asarray(image), np.asarray(PICTURE))


@pytest.mark.usefixtures("redirected_memory")
def test_an_image_that_shares_memory_with_an_array_is_redirected() -> None:
    pixels = np.arange(40 * 30 * 4, dtype=np.uint8).reshape(30, 40, 4)
    image = Image.frombuffer("RGBA", (40, 30), pixels, "raw", "RGBA", 0, 1)
    body = io.BytesIO()
    image.save(body, "PNG")
    with opened(body) as found:
        assert np.array_equal(np.asarray(found), pixels)


@pytest.mark.usefixtures("redirected_memory")
def test_a_dictionary_of_the_compressor_is_left_to_pillow(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png", dictionary=b"abc")
    assert STREAM not in (tmp_path / "a.png").read_bytes()


@pytest.mark.usefixtures("redirected_memory")
def test_other_users_of_the_encoder_have_pillows_bytes() -> None:
    settings = ("RGB", False, 6, -1, b"")
    expected = Image.core.zip_encoder("RGB", *settings)  # type: ignore[attr-defined]
    expected.setimage(PICTURE.im, (0, 0, *PICTURE.size))
    assert PICTURE.tobytes("zip", *settings) == expected.encode(2**20)[2]
