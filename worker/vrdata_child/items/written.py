"""Write what a converter gives for an item: the files of a sample, or its rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vrdata_child.encoders.png_reading import read_plain_rgb
from vrdata_child.items.staged import INVALID_ITEM
from vrdata_child.sample import media
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.names import domain_of
from vrdata_child.sample.video.containers import VIDEO_FORMATS, identify

if TYPE_CHECKING:
    from vrdata_generators.api import Converted, Converter, Item

_ENDINGS = {"avi": ".avi", "matroska": ".mkv", "mov": ".mp4"}


def safe_domain(text: str) -> str:
    """A text as a domain: other characters become `_`; "" if none is left.

    Raises:
        SampleInvalidError: it is not text.
    """
    if not isinstance(text, str):
        raise SampleInvalidError(INVALID_ITEM, f"domain: it is {type(text).__name__}, not text")
    return domain_of(text)


def write_sample(folder: Path, converter: Converter, item: Item, made: Converted) -> None:
    """Write the files of a sample.

    Raises:
        SampleInvalidError: an image, a text or the metadata cannot be written.
        OSError: a file cannot be read or written.
    """
    base = next(iter(item.files.values())).parent if item.files else None
    notes = {"first": _write_image(folder / "first_frame.png", "first", made.first, base)}
    if made.final is not None:
        notes["final"] = _write_image(folder / "final_frame.png", "final", made.final, base)
    (folder / "prompt.txt").write_bytes(_text("prompt", made.prompt))
    if made.goal:
        (folder / "goal.txt").write_bytes(_text("goal", made.goal))
    _write_video(folder, "ground_truth", made.video)
    _write_video(folder, "first_video", made.first_video)
    _write_video(folder, "last_video", made.last_video)
    for name, content in made.files.items():
        _write_other(folder, name, content)
    facts: dict[str, Any] = {"source_key": item.key}
    if made.domain != safe_domain(made.domain):
        facts["source_domain"] = made.domain
    if any(notes.values()):
        facts["source_colours"] = {what: note for what, note in notes.items() if note}
    write_metadata(folder, converter, made.metadata, facts)


def write_metadata(
    folder: Path,
    converter: Converter,
    parameters: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> None:
    """Write metadata.json: parameters, facts of the source, and the version.

    Args:
        folder: of the sample.
        converter: its version is written.
        parameters: JSON values.
        facts: `source_key`, the key of the item; `source_domain`, if the domain of the sample has
            other characters; `source_colours`, what of the images' colours was ignored.

    Raises:
        SampleInvalidError: the parameters are not JSON values.
    """
    about = {"parameters": dict(parameters)} | dict(facts)
    try:
        text = json.dumps(about, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        why = f"the metadata of {facts['source_key']} cannot be encoded as JSON: {error}"
        raise SampleInvalidError("BadMetadata", why) from None
    about |= {
        "param_hash": sha256(text.encode()).hexdigest()[:16],
        "generator_version": converter.version,
    }
    (folder / "metadata.json").write_text(json.dumps(about), encoding="utf-8")


def _write_image(path: Path, what: str, value: Any, base: Path | None) -> str:
    """Write an image; what of its colours was ignored, or "".

    A PNG file of nothing but RGB pixels keeps its bytes.
    """
    from vrdata_generators.colours import NOTE
    from vrdata_generators.images import as_rgb
    from vrdata_generators.values import encoded

    try:
        body = encoded(value, base)
        if body is not None and _keep_plain(path, body):
            return ""
        image = as_rgb(value if body is None else body)
    except ValueError as error:
        raise SampleInvalidError(INVALID_ITEM, f"{what}: {error}") from None
    if image is value:
        image = image.copy()  # it belongs to the converter
    note = str(image.info.get(NOTE, ""))
    image.info.clear()  # nothing but the pixels is stored
    image.save(path, "PNG")
    media.known_pixels.remember(media.file_sha256(path), media.pixel_hash(image))
    return note


def _keep_plain(path: Path, body: bytes) -> bool:
    """Write a PNG file of nothing but RGB pixels as it is; False = it is something else."""
    pixels = read_plain_rgb(body)
    if pixels is None or pixels.shape[0] * pixels.shape[1] > media.MAX_PIXELS:
        return False
    path.write_bytes(body)
    media.known_pixels.remember(sha256(body).hexdigest(), media.array_hash(pixels))
    return True


def _text(what: str, text: object) -> bytes:
    if not isinstance(text, str):
        why = f"{what}: it is {type(text).__name__}, not text"
        raise SampleInvalidError(INVALID_ITEM, why)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise SampleInvalidError(INVALID_ITEM, f"{what}: invalid Unicode: {error}") from None


def _write_video(folder: Path, name: str, video: Path | bytes | None) -> None:
    """Write a video with the ending of its format: only then is it checked as a video."""
    if video is None:
        return
    if not isinstance(video, Path | bytes):
        why = f"{name}: {type(video).__name__} is neither a path nor bytes"
        raise SampleInvalidError(INVALID_ITEM, why)
    given = video.suffix.lower() if isinstance(video, Path) else ""
    found, described = identify(_head(video))
    if not found:
        raise SampleInvalidError(INVALID_ITEM, f"{name} is not a video: it is {described}")
    known = VIDEO_FORMATS.get(given) == found or (given == ".mp4" and found == "mov")
    _write_other(folder, name + (given if known else _ENDINGS.get(found, ".mp4")), video)


def _head(content: Path | bytes) -> bytes:
    if isinstance(content, bytes):
        return content[:512]
    with content.open("rb") as file:
        return file.read(512)


def _write_other(folder: Path, name: str, content: Path | bytes) -> None:
    path = folder / name
    if path.parent != folder or path.exists():
        what = "exists" if path.parent == folder else "is not a valid file name"
        raise SampleInvalidError("UnsafeFile", f"{name!r} {what}")
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content)
