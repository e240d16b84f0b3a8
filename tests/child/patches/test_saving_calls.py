"""Each call of `Image.save` in a generator child does what it does in Pillow."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from vrdata_child.encoders import png

RED = Image.linear_gradient("L").resize((32, 24)).convert("RGB").point(lambda value: value // 2)
INDEXED = RED.convert("P")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TEXT = PngImagePlugin.PngInfo()
TEXT.add_text("title", "maze")


def with_fact(name: str, value: object) -> Image.Image:
    """A picture with something in `info`, as if it was read from a file."""
    image = RED.copy()
    image.info[name] = value
    return image


def from_file(share: float) -> Image.Image:
    """A picture that is read when it is needed, from this share of its file."""
    body = io.BytesIO()
    RED.save(body, "BMP")
    return Image.open(io.BytesIO(body.getvalue()[: int(len(body.getvalue()) * share)]))


def with_settings() -> Image.Image:
    """A picture with settings for its encoder."""
    image = RED.copy()
    image.encoderinfo = {"dpi": (72, 72)}  # type: ignore[attr-defined]
    return image


def to_open_file(folder: Path, given: str | None) -> int:
    """Save behind the first bytes of an open file; returns where the file ends."""
    with (folder / "a.png").open("wb") as file:
        file.write(b"before")
        RED.save(file, given)
        return file.tell() > len(b"before")


def to_folder(folder: Path) -> None:
    (folder / "a.png").mkdir()
    RED.save(folder / "a.png")


def over_itself(folder: Path) -> None:
    RED.save(folder / "a.png")
    with Image.open(folder / "a.png") as image:
        image.save(folder / "a.png")


SAVES: dict[str, Callable[[Path], object]] = {
    "path": lambda at: RED.save(at / "a.png"),
    "text": lambda at: RED.save(str(at / "a.PNG")),
    "bytes": lambda at: RED.save(os.fsencode(at / "a.png")),
    "format by position": lambda at: RED.save(at / "a.dat", "PNG"),
    "format by name": lambda at: RED.save(fp=at / "a.dat", format="png"),
    "another format than the suffix": lambda at: RED.save(at / "a.png", "BMP"),
    "PNG in a JPEG name": lambda at: RED.save(at / "a.jpg", "PNG"),
    "empty format": lambda at: RED.save(at / "a.png", ""),
    "unknown format": lambda at: RED.save(at / "a.png", "NOPE"),
    "no suffix": lambda at: RED.save(at / "a"),
    "only a suffix": lambda at: RED.save(at / ".png"),
    "empty name": lambda _: RED.save(""),
    "zero in the name": lambda _: RED.save("a\0.png"),
    "missing folder": lambda at: RED.save(at / "no" / "a.png"),
    "a folder": to_folder,
    "over itself": over_itself,
    "nothing": lambda _: RED.save(None, "PNG"),  # type: ignore[arg-type]
    "a number": lambda _: RED.save(3, "PNG"),  # type: ignore[arg-type]
    "text file": lambda _: RED.save(io.StringIO(), "PNG"),  # type: ignore[arg-type]
    "memory without a format": lambda _: RED.save(io.BytesIO()),
    "open file": lambda at: to_open_file(at, None),
    "open file and format": lambda at: to_open_file(at, "PNG"),
    "empty picture": lambda at: Image.new("RGB", (0, 4)).save(at / "a.png"),
    "colours of print": lambda at: RED.convert("CMYK").save(at / "a.png"),
    "bits": lambda at: INDEXED.save(at / "a.png", bits=8),
    "resolution": lambda at: RED.save(at / "a.png", dpi=(72, 72)),
    "texts": lambda at: RED.save(at / "a.png", pnginfo=TEXT),
    "animation": lambda at: RED.save(
        at / "a.png", save_all=True, append_images=[RED.rotate(90)], duration=40
    ),
    "appended images": lambda at: RED.save(at / "a.png", append_images=[RED.rotate(90)]),
    "transparent colour": lambda at: RED.save(at / "a.png", transparency=(0, 0, 0)),
    "transparent fact": lambda at: with_fact("transparency", (0, 0, 0)).save(at / "a.png"),
    "transparent index": lambda at: INDEXED.save(at / "a.png", transparency=3),
    "profile": lambda at: RED.save(at / "a.png", icc_profile=PROFILE),
    "profile fact": lambda at: with_fact("icc_profile", PROFILE).save(at / "a.png"),
    "profile dropped": lambda at: with_fact("icc_profile", PROFILE).save(
        at / "a.png", icc_profile=None
    ),
    "camera facts": lambda at: with_fact("exif", b"Exif\0\0").save(at / "a.png"),
    "settings of the picture": lambda at: with_settings().save(at / "a.png"),
    "strategy": lambda at: RED.save(at / "a.png", compress_type=3),
    "not compressed": lambda at: RED.save(at / "a.png", compress_level=0),
    "two bits": lambda at: RED.convert("L").save(at / "a.png", bits=2),
    "four colours": lambda at: RED.quantize(4).save(at / "a.png"),
    "sixteen colours": lambda at: RED.quantize(16).save(at / "a.png"),
    "black and white": lambda at: RED.convert("1").save(at / "a.png"),
    "sixteen bits": lambda at: RED.convert("L").convert("I;16").save(at / "a.png"),
    "icon in memory": lambda at: RED.save(at / "a.ico", sizes=[(16, 16)], bitmap_format="png"),
    "read when needed": lambda at: from_file(1).save(at / "a.png"),
    "cut": lambda at: from_file(0.5).save(at / "a.png"),
    "parameter of another format": lambda at: RED.save(at / "a.png", quality=90),
    "optimised": lambda at: RED.save(at / "a.png", optimize=True, compress_level=1),
}


def saved(act: Callable[[Path], object], folder: Path) -> tuple[object, list[object]]:
    """What a call returns or raises, and the decoded files that it leaves."""
    folder.mkdir()
    result: object
    try:
        result = act(folder)
    except Exception as error:  # noqa: BLE001 - the types are compared
        result = type(error)
    files: list[object] = []
    for path in sorted(folder.iterdir()):
        body = path.read_bytes() if path.is_file() else b""
        files.append((path.name, decoded(body.removeprefix(b"before")) if body else None))
    return result, files


def decoded(body: bytes) -> object:
    """The format, the facts and the pixels of every frame of a picture."""
    with Image.open(io.BytesIO(body)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append((image.info.copy(), image.tobytes()))
        return image.format, image.mode, frames


@pytest.fixture(params=["files", "memory too"])
def patched(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Redirects PNG files, and images in memory as well."""

    def patch() -> None:
        name = "redirected" if request.param == "files" else "redirected_memory"
        request.getfixturevalue(name)

    return patch


@pytest.mark.parametrize("act", SAVES.values(), ids=SAVES)
def test_an_image_is_saved_as_pillow_saves_it(
    tmp_path: Path, act: Callable[[Path], object], patched: Callable[[], None]
) -> None:
    expected = saved(act, tmp_path / "pillow")
    patched()
    assert saved(act, tmp_path / "own") == expected


@pytest.mark.usefixtures("redirected")
def test_a_failed_write_leaves_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(png, "image_stream", full)
    with pytest.raises(OSError, match="No space"):
        RED.save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
