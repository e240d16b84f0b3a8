"""Turn a generator's files into a sample: checked, normalised, hashed, in a private folder.

A generator's files are untrusted data: names, sizes, links and contents are checked.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from vrdata_child.hermetic.folders import SampleFolder
from vrdata_child.sample import media, texts
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.metadata import is_metadata, normalise_metadata
from vrdata_child.sample.names import (
    IMAGES,
    METADATA,
    ROWS,
    check_names,
    domain_of,
    ending,
    metadata_of,
    required,
    stored_name,
)
from vrdata_child.sample.paths import clean_file, machine_paths
from vrdata_child.sample.video.containers import VIDEO_FORMATS
from vrdata_child.sample.video.finish import finish_videos

MAX_FILES = 64
MODE = 0o644
MAX_SAMPLE_BYTES = 512 * 2**20
MAX_TEXT_BYTES = 4 * 2**20


@dataclass(frozen=True)
class BlockFacts:
    """Facts that all samples of a block share; `rows` = they are rows of a converter."""

    generator: str
    block: int
    seed: int
    start: int
    folder: Path
    video: str
    root: str = ""
    hash_frames: bool = False
    rows: bool = False
    items: str = ""

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of this machine, which content must not contain."""
        return machine_paths(self.folder, self.root, self.items)


def finish_sample(source: SampleFolder, position: int, block: BlockFacts) -> dict[str, Any]:
    """Check and normalise one sample and move it to `{block folder}/done/{position:06d}/`.

    Returns:
        The fields of a `sample` packet.

    Raises:
        SampleInvalidError: the sample cannot be used; its folder is removed.
    """
    try:
        domain = domain_of(source.domain)
        if not domain:
            why = f"the domain {source.domain!r} has no letter or digit of A-Z, a-z, 0-9"
            raise SampleInvalidError("UnsafeFile", why)
        _check_files(source.path, rows=block.rows)
        prompt = _normalise_texts(source.path, block)
        _clean_others(source.path, block)
        sample_id = f"{domain}_{block.start + position:08d}"
        videos = finish_videos(source.path, block.video, hash_frames=block.hash_frames)
        if domain != source.domain:
            videos.notes.append(f"the domain {source.domain!r} is stored as {domain}")
        named = replace(source, domain=domain)
        param_hash = _metadata(named, position, sample_id, block, videos.notes)
        target = block.folder / "done" / f"{position:06d}"
        target.parent.mkdir(exist_ok=True)
        source.path.rename(target)
        files = _hashed(target, videos.digests)
        content = "" if source.empty else _content(target, files, prompt, block)
    except SampleInvalidError:
        shutil.rmtree(source.path, ignore_errors=True)
        raise
    return {
        "position": position,
        "folder": str(target),
        "id": sample_id,
        "domain": domain,
        "files": [{"name": name, "size": size, "sha256": sha} for name, (size, sha) in files],
        "video": videos.described,
        "content": content,
        "paramHash": param_hash,
        "notes": videos.notes,
        "frames": videos.frames,
        "own": videos.own,
    }


def _check_files(folder: Path, *, rows: bool) -> None:
    total = 0
    with os.scandir(folder) as scan:
        entries = list(scan)
    if len(entries) > MAX_FILES:
        raise SampleInvalidError("TooLarge", f"{len(entries)} files, at most {MAX_FILES}")
    for entry in entries:
        if not entry.is_file(follow_symlinks=False):
            raise SampleInvalidError("UnsafeFile", f"{entry.name!r} is not a regular file")
        total += entry.stat(follow_symlinks=False).st_size
    if total > MAX_SAMPLE_BYTES:
        raise SampleInvalidError("TooLarge", f"{total} bytes, at most {MAX_SAMPLE_BYTES}")
    check_names((entry.name for entry in entries), rows=rows)
    for name in required(rows=rows):
        if not (folder / name).exists():
            raise SampleInvalidError("MissingFile", f"{name} was not written")
    for entry in entries:
        if (stored := stored_name(entry.name)) != entry.name:
            (folder / entry.name).rename(folder / stored)


def _normalise_texts(folder: Path, block: BlockFacts) -> str:
    """Rewrite every text file; returns the prompt, "" for rows."""
    found = {
        path.name: _normalise_text(path, block)
        for path in sorted(folder.iterdir())
        if ending(path.name) in texts.TEXT_ENDINGS
    }
    if block.rows:
        return ""
    prompt = found["prompt.txt"]
    if not texts.has_visible_text(prompt):
        raise SampleInvalidError("EmptyPrompt", "prompt.txt contains no visible text")
    return prompt


def _normalise_text(path: Path, block: BlockFacts) -> str:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise SampleInvalidError("TooLarge", f"{path.name} is larger than {MAX_TEXT_BYTES} bytes")
    try:
        body = path.read_bytes()
        text = texts.normalise_newlines(texts.decode_text(body))
    except UnicodeDecodeError as error:
        reason = "PromptNotUtf8" if path.name == "prompt.txt" else "BadText"
        why = f"{path.name} is neither UTF-8 nor UTF-16 or UTF-32 with a byte order mark: {error}"
        raise SampleInvalidError(reason, why) from None
    if found := texts.control_character(text):
        why = f"{path.name} contains the control character U+{ord(found):04X}"
        raise SampleInvalidError("BadText", why)
    text = texts.without_paths(text, block.paths)
    _rewrite(path, text.encode(), body)
    return text


def _rewrite(path: Path, body: bytes, before: bytes | None) -> None:
    """Write a file that has the content `before`; None = there is none.

    It is never empty in between: ext4 would write it to the disk when it is closed.
    """
    if body != before:
        with path.open("wb" if before is None else "r+b") as file:
            file.write(body)
            file.truncate()


def _clean_others(folder: Path, block: BlockFacts) -> None:
    """Remove paths from files that are stored as they are; PNG files are checked when decoded."""
    treated = {*texts.TEXT_ENDINGS, "png"}
    if block.video == "h264":
        treated |= {name[1:] for name in VIDEO_FORMATS}  # their tags are dropped
    for path in folder.iterdir():
        if path.name != METADATA and ending(path.name) not in treated:
            clean_file(path, block.paths)


def _metadata(
    source: SampleFolder, position: int, sample_id: str, block: BlockFacts, notes: list[str]
) -> str:
    named = metadata_of(path.name for path in source.path.iterdir())
    stored = (source.path / named).read_bytes() if named else None
    body = b"{}" if stored is None else stored
    if named != METADATA and not is_metadata(body):
        body = b"{}"  # the file itself is stored whatever it contains
    try:
        written, param_hash = normalise_metadata(
            body,
            generator=block.generator,
            domain=source.domain,
            sample_id=sample_id,
            seed=block.seed,
            block=block.block,
            position=position,
            paths=block.paths,
            notes=notes,
        )
    except ValueError as error:
        raise SampleInvalidError("BadMetadata", str(error)) from None
    _rewrite(source.path / METADATA, written, stored if named == METADATA else None)
    return param_hash


def _hashed(folder: Path, digests: dict[str, str]) -> list[tuple[str, tuple[int, str]]]:
    files = []
    for path in sorted(folder.iterdir()):
        found = path.stat()
        if stat.S_IMODE(found.st_mode) != MODE:  # the sandbox's guard looks at each change
            path.chmod(MODE)
        sha256 = digests.get(path.name) or media.file_sha256(path)
        files.append((path.name, (found.st_size, sha256)))
    return files


def _content(
    folder: Path, files: list[tuple[str, tuple[int, str]]], prompt: str, block: BlockFacts
) -> str:
    pixels = {}
    for name, (_, sha256) in files:
        if ending(name) == "png" and (known := media.known_pixels.get(sha256)):
            pixels[name] = known
        elif ending(name) == "png":
            clean_file(folder / name, block.paths)
            pixels[name] = media.check_png(folder / name)
        elif ending(name) in IMAGES:
            media.check_image(folder / name)
    if block.rows:
        return dict(files)[ROWS][1]
    return media.content_hash(pixels["first_frame.png"], pixels.get("final_frame.png", ""), prompt)
