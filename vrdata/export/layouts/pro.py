"""Layout pro: each sample has a side for video models and one for image models. Pure.

`GENERATOR/DOMAIN_task/ID/` has first_frame.png and metadata.json; `video/` in it has the prompt,
the video and the final frame; `image/` has a prompt and the key frames `frame_1.png`, ….
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, ClassVar

from vrdata.errors import InvalidInputError
from vrdata.export.layouts.base import (
    FINAL,
    FIRST,
    METADATA,
    PROMPT,
    VIDEO,
    Layout,
    Sample,
    frame_rate,
    lacking,
)
from vrdata.export.layouts.originals import encoded, metadata_of
from vrdata_child.sample.jsontext import Number

NEEDED = (FIRST, FINAL, VIDEO, PROMPT, METADATA)
IMAGE_PROMPT = "image_prompt.txt"
SHOWN_GAPS = 3
_FRAME = re.compile(r"frame_([1-9][0-9]{0,8})\.png")
_PARAMETERS, _RENDER = "parameters", "generic_declarative_render"


class ProLayout(Layout):
    """The key frames are the sample's `frame_N.png`; without any, its final frame is the only one.

    `parameters.video_fps` in metadata.json is the frame rate of the video: the reader uses
    16 without it. The prompt of the image side is `image_prompt.txt`, if the sample has one.
    """

    name: ClassVar[str] = "pro"

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """See Layout."""
        frames = _frames(names)
        before = range(1, max(frames, default=0))  # the largest number can be any
        gaps = islice((f"frame_{at}.png" for at in before if at not in frames), SHOWN_GAPS)
        return (*lacking(NEEDED, names), *gaps)

    def files(self, sample: Sample) -> Iterator[tuple[str, bytes]]:
        """See Layout."""
        files = sample.files
        frames = _frames(files) or {1: FINAL}
        metadata = _metadata(sample, len(frames))
        image_prompt = IMAGE_PROMPT if IMAGE_PROMPT in files else PROMPT
        exported = {
            FIRST: files[FIRST],
            METADATA: encoded(metadata),
            f"video/{PROMPT}": files[PROMPT],
            f"video/{VIDEO}": files[VIDEO],
            f"video/{FINAL}": files[FINAL],
            f"image/{PROMPT}": files[image_prompt],
        }
        exported |= {f"image/frame_{at}.png": files[name] for at, name in frames.items()}
        for name, body in sorted(exported.items()):
            yield f"{sample.folder}/{name}", body


def _frames(names: Collection[str]) -> dict[int, str]:
    """The key frames by their number."""
    found = {int(match[1]): name for name in names if (match := _FRAME.fullmatch(name))}
    return dict(sorted(found.items()))


def _metadata(sample: Sample, frames: int) -> dict[str, Any]:
    metadata = metadata_of(sample)
    parameters = _object(sample, metadata, _PARAMETERS)
    rate = Number(str(frame_rate(sample.require_video())))
    metadata[_PARAMETERS] = {**parameters, "video_fps": rate}
    listed = _object(sample, metadata, _RENDER).get("image_frames")
    if isinstance(listed, list) and len(listed) != frames:
        raise InvalidInputError(
            f"{sample.folder} does not fit the layout pro",
            why=f"its metadata.json lists {len(listed)} key frames, but it has {frames}: "
            f"frame_{min(frames, len(listed)) + 1}.png is missing or not listed",
            fix="the generator must write each key frame: frame_1.png, frame_2.png, …",
        )
    return metadata


def _object(sample: Sample, metadata: dict[str, Any], field: str) -> dict[str, Any]:
    """A field that readers use as an object; absent = empty."""
    found = metadata.get(field, {})
    if not isinstance(found, dict):
        raise InvalidInputError(
            f"{sample.folder} does not fit the layout pro",
            why=f"{field} in its metadata.json is not an object",
            fix="use another layout",
        )
    return found
