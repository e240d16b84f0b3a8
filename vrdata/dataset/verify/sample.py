"""Check the files of one sample: texts, metadata, images, videos."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.problems import ProblemLog, problem
from vrdata.dataset.verify.decode import Decoder, Media

REQUIRED = ("first_frame.png", "prompt.txt")
MAX_IMAGE_KINDS = 50


@dataclass(slots=True)
class Findings:
    """What was found in some files; findings add up.

    Attributes:
        problems: what is wrong.
        names: files by name.
        images: decoded images by size and mode.
        files: (sample id, file name, hex sha256 of the bytes) of every file.
        bytes: bytes of every file.
    """

    problems: ProblemLog = field(default_factory=ProblemLog)
    names: Counter[str] = field(default_factory=Counter)
    images: Counter[str] = field(default_factory=Counter)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    bytes: int = 0

    def note(self, kind: str, where: str, message: str) -> None:
        """Add a problem."""
        self.problems.extend([problem(kind, where, message)])


def check_file(  # noqa: PLR0913 - what is known of the file
    name: str,
    body: bytes,
    *,
    where: str,
    findings: Findings,
    decoder: Decoder | None,
    video: VideoRecord | None = None,
    metadata: Mapping[str, Any] | None = None,
    pixels: bool = False,
) -> str:
    """Check one file of a sample by what its name says it is.

    Args:
        name: the file's name.
        body: its bytes.
        where: how to name it in a problem.
        findings: takes what is found.
        decoder: decodes images and videos; None leaves them alone.
        video: what is known of this file as a video.
        metadata: what metadata.json must say, at the top level.
        pixels: hash the pixels of a picture.

    Returns:
        The hash of a picture's pixels, or "".
    """
    findings.names[name] += 1
    findings.bytes += len(body)
    media: Media | None = None
    if name == "prompt.txt":
        wrong = _prompt_problem(body)
    elif name == "metadata.json":
        wrong = _metadata_problem(body, metadata or {})
    elif decoder is not None and (media := decoder.look(name, body, video, pixels=pixels)):
        wrong = (media.kind, media.message) if media.kind else None
        if media.image and (
            media.image in findings.images or len(findings.images) < MAX_IMAGE_KINDS
        ):
            findings.images[media.image] += 1
    else:
        wrong = None
    if wrong:
        findings.note(wrong[0], where, wrong[1])
    return media.pixels if media else ""


def check_required(names: Iterable[str], *, where: str, findings: Findings) -> None:
    """Note the files that every sample must have and that are not among `names`."""
    present = set(names)
    for name in REQUIRED:
        if name not in present:
            findings.note("MissingFile", f"{where}/{name}", "every sample must have this file")


def _prompt_problem(body: bytes) -> tuple[str, str] | None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return "BadPrompt", f"it is not UTF-8: {error}"
    return None if text.strip() else ("BadPrompt", "it holds no text")


def _metadata_problem(body: bytes, expected: Mapping[str, Any]) -> tuple[str, str] | None:
    try:
        found = json.loads(
            body.decode("utf-8"), parse_constant=_finite_number, parse_float=_finite_number
        )
    except (ValueError, RecursionError) as error:
        return "BadMetadata", f"it is not JSON: {error}"
    if not isinstance(found, dict):
        return "BadMetadata", "it is not a JSON object"
    for name, value in expected.items():
        if found.get(name) != value:
            return "BadMetadata", f"{name} is {found.get(name)!r} instead of {value!r}"
    return None


def _finite_number(text: str) -> float:
    """A number of JSON, which has neither NaN nor infinity (RFC 8259, section 6)."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"it holds the number {text}, which readers other than Python refuse")
    return number
