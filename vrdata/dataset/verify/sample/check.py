"""Check the files of one sample: texts, metadata, images, videos."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vrdata.dataset.checks.problems import ProblemLog, problem
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.manifest import ROWS_RECORD, FileRecord, SampleRecord, VideoRecord
from vrdata.dataset.verify.dropped import DroppedLog
from vrdata.dataset.verify.sample.content_hash import FRAMES, PROMPT, ContentCheck
from vrdata.dataset.verify.sample.decode import Decoder, Media
from vrdata.dataset.verify.sample.metadata import METADATA, json_problem, metadata_problem
from vrdata.dataset.verify.sample.texts import TEXT_ENDINGS, PromptLengths, text_problem

REQUIRED = ("first_frame.png", "prompt.txt")
MAX_IMAGE_KINDS = 50


@dataclass(slots=True)
class Findings:
    """What was found in some files; findings add up, and their memory is bounded.

    Attributes:
        problems: what is wrong.
        samples: number of samples.
        dropped: samples that a commit marker records as failed.
        names: files by name.
        images: decoded images by file name, and size and mode.
        prompts: number and lengths of the prompts.
        bytes: bytes of every file.
    """

    problems: ProblemLog = field(default_factory=ProblemLog)
    samples: int = 0
    dropped: DroppedLog = field(default_factory=DroppedLog)
    names: Counter[str] = field(default_factory=Counter)
    images: Counter[tuple[str, str]] = field(default_factory=Counter)
    prompts: PromptLengths = field(default_factory=PromptLengths)
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
    """Check one file of a sample according to its name.

    Args:
        name: the file's name.
        body: its bytes.
        where: its name in a problem.
        findings: gets what is found.
        decoder: decodes images and videos; None skips decoding.
        video: the record of this file as a video.
        metadata: what metadata.json must say, at the top level; None outside of a run.
        pixels: hash the pixels of an image.

    Returns:
        The hash of an image's pixels, or "".
    """
    findings.names[name] += 1
    findings.bytes += len(body)
    media: Media | None = None
    if name.lower().endswith(TEXT_ENDINGS):
        wrong = text_problem(name, body)
        if name == PROMPT and not wrong:
            length = len(body.decode())
            one = PromptLengths(count=1, shortest=length, longest=length)
            findings.prompts = findings.prompts.plus(one)
    elif name == METADATA:
        message = metadata_problem(body, metadata)
        wrong = ("BadMetadata", message) if message else None
    elif name.lower().endswith(METADATA):  # a tree of another tool: question_metadata.json
        message = json_problem(body)
        wrong = ("BadMetadata", message) if message else None
    elif decoder is not None and (media := decoder.inspect(name, body, video, pixels=pixels)):
        wrong = (media.kind, media.message) if media.kind else None
        kind = (name, media.image)
        if media.image and (kind in findings.images or len(findings.images) < MAX_IMAGE_KINDS):
            findings.images[kind] += 1
    else:
        wrong = None
    if wrong:
        findings.note(wrong[0], where, wrong[1])
    return media.pixels if media else ""


def check_names(names: Iterable[str], *, where: str, findings: Findings) -> None:
    """Note required files that are not among `names`, and names that some readers confuse."""
    present: dict[str, str] = {}
    for name in sorted(names):
        other = present.setdefault(name.lower(), name)
        if other != name:
            message = f"its name differs from {other} only in upper and lower case"
            findings.note("NameCollision", f"{where}/{name}", message)
    for name in REQUIRED:
        if present.get(name) != name:
            findings.note("MissingFile", f"{where}/{name}", "every sample must have this file")


class SampleCheck:
    """Checks the files of one shard's samples against their records.

    Args:
        generator: name of the samples' generator.
        block_size: samples of a block.
        decoder: decodes images and videos; None skips decoding.
        hasher: gets every file.
        findings: gets what is found.
    """

    def __init__(
        self,
        generator: str,
        block_size: int,
        decoder: Decoder | None,
        hasher: DatasetHasher,
        findings: Findings,
    ) -> None:
        self._generator = generator
        self._block_size = block_size
        self._decoder = decoder
        self._hasher = hasher
        self._findings = findings
        self._content = ContentCheck()

    def check_names(self, sample: SampleRecord) -> None:
        """Note the required files that this sample does not have, and names that collide."""
        names = [file.name for file in sample.files]
        if names == [ROWS_RECORD]:  # rows have no files
            return
        check_names(names, where=self._where(sample), findings=self._findings)

    def check_body(
        self, sample: SampleRecord, record: FileRecord, body: bytes, fix: str = ""
    ) -> None:
        """Check one file; the files of one sample must come one after another.

        Args:
            sample: the sample's record.
            record: the file's record.
            body: the file's bytes.
            fix: what to do when the bytes differ from the record.
        """
        findings = self._findings
        where = f"{self._where(sample)}/{record.name}"
        digest = hashlib.sha256(body).hexdigest()
        self._hasher.add(sample.id, record.name, digest)
        if digest != record.sha256:
            message = "its bytes differ from its commit marker"
            findings.note("ChecksumMismatch", where, f"{message}; {fix}" if fix else message)
        elif len(body) != record.size:
            message = f"it has {len(body)} bytes, its commit marker says {record.size}"
            findings.note("WrongMarker", where, message)
        pixels = check_file(
            record.name,
            body,
            where=where,
            findings=findings,
            decoder=self._decoder,
            video=sample.video if sample.video and sample.video.name == record.name else None,
            metadata=self._metadata(sample),
            pixels=bool(sample.content) and record.name in FRAMES,
        )
        if digest == record.sha256:  # other bytes have another content: one problem is enough
            part = body if record.name == PROMPT else pixels.encode()
            if not self._content.add(sample, record.name, part):
                message = "its content hash differs from its commit marker"
                findings.note("WrongContent", self._where(sample), message)

    def _metadata(self, sample: SampleRecord) -> Mapping[str, Any]:
        """What the sample's metadata.json must say: docs/child-protocol.md, "Sample files"."""
        position = sample.index % self._block_size
        hashed = {"param_hash": sample.param_hash} if sample.param_hash else {}
        identity = {
            "task_id": sample.id,
            "generator": self._generator,
            "domain": sample.domain,
            "generation": {"seed": sample.seed, "block": sample.block, "position": position},
        }
        return identity | hashed

    def _where(self, sample: SampleRecord) -> str:
        return f"{self._generator}/{sample.id}"
