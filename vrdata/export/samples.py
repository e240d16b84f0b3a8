"""The samples of a finished run, for a layout: compared with their checksums, one in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vrdata.dataset import layout as places
from vrdata.dataset.commits import iter_records, read_head
from vrdata.dataset.manifest import (
    ROWS_RECORD,
    SampleRecord,
    ShardManifest,
    VideoRecord,
)
from vrdata.dataset.reader import iter_checked_samples
from vrdata.dataset.verify.sample.decode import VIDEO_FORMATS, video_facts
from vrdata.errors import InvalidInputError, VrdataError, install
from vrdata.export.layouts.base import Layout, Sample, video_name
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectStore
from vrdata.text import count

SHOWN = 5
"""Missing files in an error."""


def iter_shards(run: ObjectStore, plan: Plan) -> Iterator[ShardManifest]:
    """The commit marker of each shard, in the order of the plan.

    Raises:
        ObjectNotFoundError: a shard is not committed.
        InvalidInputError: a marker is damaged, or of another plan.
        StorageError: the store cannot be used.
    """
    for shard in plan.all_shards():
        manifest = read_head(run, *shard)
        if manifest.plan != plan.hash:
            raise InvalidInputError(
                f"{places.commit_key(*shard)} in {run.url} belongs to another plan",
                fix="list everything that is damaged: vrdata verify",
            )
        yield manifest


def require_fitting(run: ObjectStore, plan: Plan, layout: Layout) -> None:
    """Check that every sample has the files that a layout needs. Reads commit markers only.

    Raises:
        InvalidInputError: the run has rows, or a sample lacks a file, which the error names.
        Or as `iter_shards`.
    """
    lacking: Counter[str] = Counter()
    first = ""
    for manifest in iter_shards(run, plan):
        for record in iter_records(run, manifest):
            if not isinstance(record, SampleRecord):
                continue
            names = {file.name for file in record.files}
            if names == {ROWS_RECORD}:
                raise InvalidInputError(
                    f"{manifest.generator} in {run.url} has rows, not samples",
                    fix="use the tables in data/: docs/formats.md",
                )
            missing = layout.missing(names)
            lacking.update(missing)
            if missing and not first:
                first = f"{manifest.generator}/{record.id} has no {', '.join(missing[:SHOWN])}"
    if lacking:
        numbers = (f"{name}: {count(at, 'sample')}" for name, at in lacking.most_common(SHOWN))
        raise InvalidInputError(
            f"samples lack files that the layout {layout.name} needs ({', '.join(numbers)})",
            why=first,
            fix="use another layout, or let the generator write them; videos are MP4 files with "
            "spec.output.video: h264",
        )


def iter_samples(run: ObjectStore, plan: Plan) -> Iterator[Sample]:
    """Every sample of a run, in the order of the plan and of the index.

    Raises:
        DigestMismatchError, DamagedArchiveError, NotFoundError: data is damaged or missing.
        InvalidInputError: a video cannot be decoded. Or as `iter_shards`.
    """
    for manifest in iter_shards(run, plan):
        start = plan.generator(manifest.generator).start
        for record, files in iter_checked_samples(run, manifest):
            yield Sample(
                generator=manifest.generator,
                index=record.index,
                number=record.index - start,
                id=record.id,
                folder=places.sample_folder(manifest.generator, record.domain, record.index),
                files=files,
                video=record.video or _decoded(manifest.generator, record, files),
            )


def _decoded(generator: str, record: SampleRecord, files: dict[str, bytes]) -> VideoRecord | None:
    """The facts of a video whose marker has none: another attempt had written other bytes first."""
    name = video_name(files)
    if not name:
        return None
    try:
        import av  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise VrdataError(
            f"decoding needs {error.name}, which is not installed",
            fix=install("worker"),
        ) from None
    try:
        found = video_facts(files[name], VIDEO_FORMATS[f".{name.partition('.')[2]}"])
    except (av.error.FFmpegError, IndexError, ValueError):
        found = None
    if found is None:
        raise InvalidInputError(
            f"{name} of {generator}/{record.id} cannot be decoded",
            fix="list everything that is damaged: vrdata verify",
        )
    return VideoRecord(
        name=name,
        frames=found.frames,
        fps=found.rate,
        width=found.width,
        height=found.height,
        encoder=found.codec,
    )
