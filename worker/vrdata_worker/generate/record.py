"""The record of a sample, from what its child reports. Pure."""

from __future__ import annotations

from vrdata.dataset.manifest import FileRecord, SampleRecord, VideoRecord
from vrdata_worker.child.events import Sample


def sample_record(
    index: int, block: int, seed: int, event: Sample, files: tuple[FileRecord, ...]
) -> SampleRecord:
    """The record of a sample.

    Args:
        index: its global index.
        block: its block.
        seed: of its block.
        event: as its child reported it.
        files: its files, as they are in the shard.
    """
    video = event.video
    return SampleRecord(
        index=index,
        id=event.id,
        domain=event.domain,
        block=block,
        seed=seed,
        files=files,
        video=None
        if video is None
        else VideoRecord(
            name=video.name,
            frames=video.frames,
            fps=video.fps,
            width=video.width,
            height=video.height,
            encoder=video.encoder,
        ),
        content=event.content,
        param_hash=event.param_hash,
        item=event.item or None,
    )
