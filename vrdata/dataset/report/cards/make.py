"""Write the cards: read the chosen samples, store their previews, keep only texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from vrdata.bounded.parallel import in_order
from vrdata.dataset.commits import CommitMarker, open_marker
from vrdata.dataset.formats.archive import DamagedArchiveError
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import FileRecord, SampleRecord, ShardManifest
from vrdata.dataset.reader import iter_samples, read_file
from vrdata.dataset.report.cards.choose import Choice
from vrdata.dataset.report.cards.preview import NoPreviewError, Preview, clip, picture
from vrdata.dataset.report.model import Card, Parameter
from vrdata.dataset.report.publish import MEDIA, Publisher
from vrdata.dataset.report.texts import cut, metadata_texts, prompt_text, size_text
from vrdata.errors import NotFoundError
from vrdata.model import GeneratorClass
from vrdata.plan.planned import Plan
from vrdata.store.port import DigestMismatchError, ObjectStore
from vrdata.text import count

JOBS = 4
MAX_FILE = 64 * 2**20
"""Bytes of the largest file that a card shows."""

MAX_FILES = 40
MAX_NOTE = 300
FIRST, FINAL, PROMPT, METADATA = "first_frame.png", "final_frame.png", "prompt.txt", "metadata.json"
_UNREADABLE = (DamagedArchiveError, DigestMismatchError, NotFoundError)


@dataclass(frozen=True, slots=True)
class _Pick:
    """A chosen sample and its shard's manifest."""

    manifest: ShardManifest
    sample: SampleRecord


def make_cards(
    store: ObjectStore, plan: Plan, choices: list[Choice], publisher: Publisher
) -> Iterator[Card]:
    """The cards of the chosen samples, in their order; their previews are stored on the way.

    Memory holds the files of a few samples. A sample that cannot be read or shown gets a card
    that says why.

    Raises:
        InvalidInputError: a commit marker is damaged.
        StorageError: the store cannot be used.
    """
    classes = {planned.name: planned.generator_class for planned in plan.generators}
    maker = _CardMaker(store, classes, publisher)
    for cards in in_order(_units(store, choices), maker, JOBS):
        yield from cards


def _units(store: ObjectStore, choices: list[Choice]) -> Iterator[list[_Pick]]:
    """Samples that are read together: all of a tar.gz, because it is read once; else one."""
    for (generator, shard), group in groupby(choices, lambda one: (one.generator, one.shard)):
        marker = open_marker(store, generator, shard)
        picks = list(_picks(marker, {one.sample_index for one in group}))
        if format_of(marker.manifest.format).is_sequential:
            yield picks
        else:
            yield from ([pick] for pick in picks)


def _picks(marker: CommitMarker, indexes: set[int]) -> Iterator[_Pick]:
    for record in marker.records:
        if isinstance(record, SampleRecord) and record.index in indexes:
            yield _Pick(marker.manifest, record)


class _CardMaker:
    def __init__(
        self, store: ObjectStore, classes: dict[str, GeneratorClass], publisher: Publisher
    ) -> None:
        self._store = store
        self._classes = classes
        self._publisher = publisher

    def __call__(self, picks: list[_Pick]) -> list[Card]:
        if format_of(picks[0].manifest.format).is_sequential:
            return self._from_archive(picks)
        return [self._card(pick, *self._read(pick)) for pick in picks]

    def _read(self, pick: _Pick) -> tuple[dict[str, bytes], list[str]]:
        files: dict[str, bytes] = {}
        notes: list[str] = []
        for record in _wanted(pick.sample):
            try:
                files[record.name] = read_file(self._store, pick.manifest, pick.sample, record.name)
            except _UNREADABLE as error:
                notes.append(f"{record.name} cannot be read: {error.what}")
        return files, notes

    def _from_archive(self, picks: list[_Pick]) -> list[Card]:
        """Read the archive once, up to the last chosen sample."""
        by_index = {pick.sample.index: pick for pick in picks}
        cards = []
        try:
            for sample, files in iter_samples(self._store, picks[0].manifest):
                if (pick := by_index.pop(sample.index, None)) is not None:
                    cards.append(self._card(pick, *_intact(sample, files)))
                if not by_index:
                    break
        except _UNREADABLE as error:
            note = f"the archive cannot be read: {error.what}"
            cards += [self._card(pick, {}, [note]) for pick in by_index.values()]
        return cards

    def _card(self, pick: _Pick, files: dict[str, bytes], notes: list[str]) -> Card:
        manifest, sample = pick.manifest, pick.sample
        notes = [*_too_large(sample), *notes]
        parameters, metadata = metadata_texts(files[METADATA]) if METADATA in files else ((), "")
        return Card(
            generator=manifest.generator,
            generator_class=self._classes[manifest.generator],
            index=sample.index,
            id=sample.id,
            block=sample.block,
            seed=sample.seed,
            shard=manifest.shard,
            where=format_of(manifest.format).container(manifest, sample),
            prompt=prompt_text(files.get(PROMPT, b"")),
            parameters=parameters,
            metadata=metadata,
            first=self._preview(pick, FIRST, files, notes),
            final=self._preview(pick, FINAL, files, notes),
            clip=self._preview(pick, sample.video.name, files, notes) if sample.video else "",
            video=_video_text(sample),
            encoder=cut(sample.video.encoder, MAX_NOTE) if sample.video else "",
            files=tuple(
                Parameter(name=cut(file.name, 100), value=size_text(file.size))
                for file in sample.files[:MAX_FILES]
            ),
            notes=tuple(cut(note, MAX_NOTE) for note in notes),
        )

    def _preview(self, pick: _Pick, name: str, files: dict[str, bytes], notes: list[str]) -> str:
        """Store a file's preview; return its path, or "" with a note if it has none."""
        if name not in files:
            return ""
        try:
            preview = _make(pick.sample, name, files[name])
        except NoPreviewError as error:
            notes.append(f"no preview of {name}: {error}")
            return ""
        if preview.note:
            notes.append(preview.note)
        stem = {FIRST: "first", FINAL: "final"}.get(name, "clip")
        path = f"{MEDIA}{pick.manifest.generator}/{pick.sample.index:08d}-{stem}{preview.suffix}"
        self._publisher.put(path, preview.body)
        return path


def _make(sample: SampleRecord, name: str, body: bytes) -> Preview:
    if sample.video is not None and name == sample.video.name:
        return clip(body, sample.video)
    return picture(body)


def _wanted(sample: SampleRecord) -> list[FileRecord]:
    names = {FIRST, FINAL, PROMPT, METADATA} | ({sample.video.name} if sample.video else set())
    return [file for file in sample.files if file.name in names and file.size <= MAX_FILE]


def _too_large(sample: SampleRecord) -> list[str]:
    shown = {FIRST, FINAL, PROMPT, METADATA} | ({sample.video.name} if sample.video else set())
    return [
        f"{file.name} is too large to show: {size_text(file.size)}"
        for file in sample.files
        if file.name in shown and file.size > MAX_FILE
    ]


def _intact(sample: SampleRecord, files: dict[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
    """The wanted files with the commit marker's bytes, and notes on the others."""
    kept: dict[str, bytes] = {}
    notes: list[str] = []
    for record in _wanted(sample):
        if hashlib.sha256(files[record.name]).hexdigest() == record.sha256:
            kept[record.name] = files[record.name]
        else:
            notes.append(f"the bytes of {record.name} differ from its commit marker")
    return kept, notes


def _video_text(sample: SampleRecord) -> str:
    video = sample.video
    if video is None:
        return ""
    size = f"{video.width} x {video.height}"
    return f"{count(video.frames, 'frame')}, {video.fps:g} fps, {size}"
